"""Reading: for each sighting of the pilots, weigh the carriers, decode, and believe only what its check confirms.

False alarms. Each carrier has a sign of the key's own, so to a picture that was not marked under the key the decoded
frame is as good as drawn by lot from 2**96, and its check is right once in 2**32 attempts, whatever the picture is. A
picture gets at most SIGHTINGS attempts: six, so at most 1.4e-9 a picture. How many scales and places the search went
through before, some 270 times 4,096 and those twice, does not enter: they decide which attempts are made, not how
many.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.watermark.codec import checked, decode
from provenance.watermark.embedding import TILES
from provenance.watermark.pattern import Pattern
from provenance.watermark.sight import luma, view, working_size
from provenance.watermark.spectra import analyse
from provenance.watermark.synchronisation import Seeker, Sighting, turned

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]
_RINGS = 6
_CENTRED = 0.015  # parts of a tile
_AS_MANY = 0.015  # parts of the number of tiles


@dataclass(frozen=True, slots=True)
class Reading:
    """A payload with a correct check, and where it was found."""

    payload: bytes
    sighting: Sighting
    tiles: float

    @property
    def whole(self) -> bool | None:
        """Whether the picture is all of what was marked, by the number and place of its tiles.

        None: it is either whole and was marked smaller than WORKING_SIDE, or was cropped around its middle.
        """
        off = max(abs((place + 0.5) % 1 - 0.5) for place in self.sighting.shift)
        if off > _CENTRED or self.tiles > TILES * (1 + _AS_MANY):
            return False
        return True if self.tiles > TILES * (1 - _AS_MANY) else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sighting and the most likely frame there, right or not."""

    frame: bytes
    sighting: Sighting
    tiles: float


def find(image: Image.Image, pattern: Pattern) -> Reading | None:
    """The mark of a pattern's key in an RGB picture, None when there is none to be sure of."""
    for attempt in attempts(image, pattern):
        payload = checked(attempt.frame)
        if payload is not None:
            return Reading(payload, attempt.sighting, attempt.tiles)
    return None


def attempts(image: Image.Image, pattern: Pattern) -> Iterator[Attempt]:
    """At most SIGHTINGS attempts, surest first, each made when it is asked for."""
    seen = view(luma(image, working_size(*image.size)))
    for sighting in Seeker(seen, pattern).sightings():
        points = turned(analyse(seen, sighting.periods), pattern, sighting.shift)
        frame = decode(pattern.collect(points, _weights(points, pattern)))
        yield Attempt(frame, sighting, float(np.sqrt(seen.size / (sighting.periods[0] * sighting.periods[1]))))


def _weights(points: Complexes, pattern: Pattern) -> Floats:
    """Each point's weight: the mark's amplitude in its ring, as the pilots show it, over the noise power there."""
    edges = np.linspace(pattern.radius[0], pattern.radius[-1], _RINGS + 1)[1:-1]
    ring = np.digitize(pattern.radius, edges)
    heard = (points[pattern.pilots] * pattern.pilot_phase.conj()).real
    count = np.bincount(ring[pattern.pilots], minlength=_RINGS)
    amplitude = np.maximum(np.bincount(ring[pattern.pilots], heard, _RINGS) / count, 0)
    power = np.bincount(ring, np.abs(points) ** 2, _RINGS) / np.bincount(ring, minlength=_RINGS)
    noise = np.maximum(power - amplitude**2, 0.1 * power) + 1e-12
    return np.asarray((amplitude / noise)[ring], np.float32)
