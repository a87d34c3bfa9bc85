"""Finding a mark's scale and place in a picture that was resized, cropped or taken off a screen.

Every scale of a dense ladder is tried: at each, the pilots' places in the picture's spectrum are looked up, turned back
by their known phases, and transformed; a peak in the result is a tile's place. The best peaks are looked at again in
finer steps, and the very best made exact, each axis by itself, by following the pilots' agreement uphill.

- All of it is done twice, listening to *fine* pilots as embedded, and to *broad* ones: on plain pictures a mark is made
  of broad waves, and a lossy format wipes away all others. The surest of both are given.
- The ladder is in tiles per side of the picture (the root of its area), because that is what cropping changes and
  resizing does not: TILES as embedded, fewer after a crop, more when the picture is a part of a screen.
- `surety` is the pilots' agreement in standard deviations of a single try on pictures without a mark.
- At most SIGHTINGS are given, so a reader decodes at most so many frames: that bounds its false alarms.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.pattern import OUTERMOST, Pattern
from provenance.watermark.sight import LONGEST
from provenance.watermark.spectra import along_rows, finish

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]

SIGHTINGS = 6
FEWEST_TILES, MOST_TILES = 1.2, 8.0
_STEP = 0.025
_GRID = 64
_PEAKS = 48
_LEAST_SURETY = 4.8
_CLIMBS = 3
_RINGS = 64
_TILTS = (1.0, -2.0)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a mark may be: its periods across and down in pixels, its shift from the middle in parts of a period."""

    periods: tuple[float, float]
    shift: tuple[float, float]
    surety: float


@dataclass(frozen=True, slots=True)
class Seeker:
    """Looks for one key's mark in one view."""

    view: Floats
    pattern: Pattern

    def sightings(self) -> Iterator[Sighting]:
        """The sightings worth decoding, surest first, made exact one by one."""
        for rough, seen in self._rough():
            yield self._climb(rough, seen)

    def _rough(self) -> list[tuple[Sighting, "_PilotView"]]:
        """The best distinct sightings on the ladder, each with the ear that heard it."""
        spectrum = self._spectrum_on_ladder()
        ears = [_PilotView.of(self.pattern, tilt) for tilt in _TILTS]
        peaks = [(sighting, seen) for seen in ears for sighting in self._peaks(seen, spectrum * seen.back)]
        found: list[tuple[Sighting, _PilotView]] = []
        for sighting, seen in sorted(peaks, key=lambda peak: -peak[0].surety):
            if len(found) == SIGHTINGS or sighting.surety < _LEAST_SURETY:
                break
            if not any(_same(sighting, other) for other, _ in found):
                found.append((sighting, seen))
        return found

    def _peaks(self, seen: "_PilotView", values: Complexes) -> Iterator[Sighting]:
        """The highest peak of each of the best scales, its height and place in finer steps than the grid's."""
        surfaces = seen.surfaces(values).reshape(len(values), -1)
        cells = surfaces.argmax(axis=1)
        heights = surfaces[np.arange(len(values)), cells]
        side = float(np.sqrt(self.view.size))
        for scale in np.argsort(-heights)[:_PEAKS]:
            down, across = divmod(int(cells[scale]), _GRID)
            surety, shift = seen.agreement(values[scale], (across / _GRID, down / _GRID))
            period = side / float(_ladder()[scale])
            yield Sighting((period, period), shift, surety)

    def _spectrum_on_ladder(self) -> Complexes:
        """The view's spectrum at the pilots' frequencies, for each scale: shape (scales, pilots).

        They are the nearest bins of a padded transform, each ring of it brought to power 1.
        """
        at = self.pattern.pilots
        height, width = self.view.shape
        spectrum = np.fft.rfft2(self.view, s=(LONGEST, LONGEST))
        per_tile = LONGEST / np.sqrt(self.view.size) * _ladder()[:, None]
        across, down = (
            np.rint(per_tile * line).astype(np.int64) for line in (self.pattern.across[at], self.pattern.down[at])
        )
        inside = (across <= LONGEST // 2) & (np.abs(down) < LONGEST // 2)
        across, down = np.where(inside, across, 0), np.where(inside, down, 0)
        # The transform counts from the corner; the mark's places are counted from the middle.
        middle = np.exp(np.pi * 1j / LONGEST * (across * (width - 1) + down * (height - 1)))
        values = np.where(inside, spectrum[down, across] * middle, 0)
        ring = np.minimum(np.hypot(across, down).astype(np.int64) * _RINGS // LONGEST, _RINGS - 1).ravel()
        power = np.bincount(ring, np.abs(values.ravel()) ** 2, _RINGS) / np.maximum(
            np.bincount(ring, minlength=_RINGS), 1
        )
        level = np.sqrt(power[ring] + 1e-12).reshape(values.shape)
        return np.asarray(values / level, np.complex64)

    def _climb(self, rough: Sighting, seen: "_PilotView") -> Sighting:
        """The same sighting with periods and shift moved to where the pilots agree most."""
        best = rough
        reach = 0.5 * _STEP / float(np.sqrt(self.view.size))
        for climb in range(_CLIMBS):
            trials = list(self._around(best, reach / 2**climb, seen))
            best = max(trials, key=lambda trial: trial.surety)
        return best

    def _around(self, centre: Sighting, reach: float, seen: "_PilotView") -> Iterator[Sighting]:
        """The nine sightings at and around one, apart by a step of frequency on each axis."""
        right, low = 1 / centre.periods[0], 1 / centre.periods[1]
        for across in (right - reach, right, right + reach):
            rows = along_rows(self.view, 1 / across)
            for down in (low - reach, low, low + reach):
                surety, shift = seen.agreement(seen.pick(finish(rows, 1 / down)), centre.shift)
                yield Sighting((1 / across, 1 / down), shift, surety)


@dataclass(frozen=True, slots=True)
class _PilotView:
    """A pattern's pilots as the search needs them: their frequencies, and what turns and weighs each.

    The weight is the radius to a power, a tilt: above zero it listens to fine waves, below to broad ones.
    """

    across: NDArray[np.int64]
    down: NDArray[np.int64]
    back: Complexes

    @classmethod
    def of(cls, pattern: Pattern, tilt: float) -> "_PilotView":
        """The pilots of a pattern."""
        at = pattern.pilots
        weight = pattern.radius[at] ** tilt
        weight /= np.sqrt(np.mean(weight**2))
        return cls(pattern.across[at], pattern.down[at], (pattern.pilot_phase.conj() * weight).astype(np.complex64))

    def pick(self, points: Complexes) -> Complexes:
        """The pilots' values in a whole spectrum, turned back and weighed."""
        return np.asarray(points[self.down + OUTERMOST, self.across] * self.back, np.complex64)

    def surfaces(self, values: Complexes) -> Floats:
        """The agreement for every place of a grid, for each row of values: shape (rows, _GRID, _GRID)."""
        grid = np.zeros((len(values), _GRID, _GRID // 2 + 1), np.complex64)
        grid[:, self.down % _GRID, self.across] = values
        # In the column of k = 0 only one of two mirrored points is there; the other is its conjugate.
        grid[:, -self.down % _GRID, 0] += np.where(self.across == 0, values.conj(), 0)
        scale = _GRID * _GRID / np.sqrt(2 * len(self.across))
        return np.asarray(np.fft.irfft2(grid, s=(_GRID, _GRID)) * scale, np.float32)

    def agreement(self, values: Complexes, near: tuple[float, float]) -> tuple[float, tuple[float, float]]:
        """The agreement at the best of the places around one, in quarters of the grid's step, and that place."""
        around = np.arange(-4, 5) / (4 * _GRID)
        right = np.exp(2j * np.pi * np.outer(near[0] + around, self.across))
        low = np.exp(2j * np.pi * np.outer(near[1] + around, self.down))
        surface = ((right * values) @ low.T).real
        i, j = divmod(int(surface.argmax()), len(around))
        deviation = np.sqrt(np.sum(np.abs(values) ** 2) / 2)
        return float(surface[i, j] / (deviation + 1e-12)), (float(near[0] + around[i]), float(near[1] + around[j]))


def turned(points: Complexes, pattern: Pattern, shift: tuple[float, float]) -> Complexes:
    """A spectrum's values at the pattern's points, the shift taken out of their phases."""
    turn = np.exp(2j * np.pi * (pattern.across * shift[0] + pattern.down * shift[1]))
    return np.asarray(points[pattern.down + OUTERMOST, pattern.across] * turn, np.complex64)


def _same(one: Sighting, other: Sighting) -> bool:
    apart = [abs((mine - theirs + 0.5) % 1 - 0.5) for mine, theirs in zip(one.shift, other.shift, strict=True)]
    return abs(one.periods[0] / other.periods[0] - 1) < 2 * _STEP / FEWEST_TILES and max(apart) < 3 / _GRID


@cache
def _ladder() -> Floats:
    """The numbers of tiles per side that are tried."""
    return np.arange(FEWEST_TILES, MOST_TILES, _STEP, dtype=np.float32)
