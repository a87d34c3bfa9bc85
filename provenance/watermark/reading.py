"""Reading: for each sighting of the pilots, weigh the carriers, decode, and believe only what its check confirms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.watermark.codec import decode
from provenance.watermark.pattern import Pattern
from provenance.watermark.sight import luma, view, working_size
from provenance.watermark.spectra import analyse
from provenance.watermark.synchronisation import Seeker, Sighting, turned

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]
_RINGS = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """A payload with a correct check, and where it was found."""

    payload: bytes
    sighting: Sighting
    tries: int


def find(image: Image.Image, pattern: Pattern) -> Reading | None:
    """The mark of a pattern's key in an RGB picture, None when there is none to be sure of."""
    seen = view(luma(image, working_size(*image.size)))
    for tries, sighting in enumerate(Seeker(seen, pattern).sightings(), start=1):
        points = turned(analyse(seen, sighting.periods), pattern, sighting.shift)
        payload = decode(pattern.collect(points, _weights(points, pattern)))
        if payload is not None:
            return Reading(payload, sighting, tries)
    return None


def _weights(points: Complexes, pattern: Pattern) -> Floats:
    """Each point's weight: the mark's amplitude in its ring, as the pilots show it, over the noise power there."""
    edges = np.linspace(pattern.radius[0], pattern.radius[-1], _RINGS + 1)[1:-1]
    ring = np.digitize(pattern.radius, edges)
    heard = (points[pattern.pilots] * pattern.pilot_phase.conj()).real
    count = np.bincount(ring[pattern.pilots], minlength=_RINGS)
    amplitude = np.maximum(np.bincount(ring[pattern.pilots], heard, _RINGS) / count, 0)
    power = np.bincount(ring, np.abs(points) ** 2, _RINGS) / np.bincount(ring, minlength=_RINGS)
    noise = np.maximum(power - amplitude**2, 0.1 * power) + 1e-12
    return (amplitude / noise)[ring].astype(np.float32)
