"""Finding a mark's scale and place in a picture that was resized, cropped or photographed off a screen.

Every scale of a dense ladder is tried: at each, the pilots' places in the picture's spectrum are looked up, turned back
by their known phases, and transformed; a peak in the result is a tile's place. The best few sightings are then made
exact, each axis by itself, by following the pilots' agreement uphill.

- The ladder is in tiles per side of the picture (the root of its area), because that is what cropping changes and
  resizing does not: TILES as embedded, fewer after a crop, more when the picture is a part of a screen.
- A sighting's `surety` is its peak over what unmarked pictures give, in standard deviations of a single try.
- At most SIGHTINGS are returned, so a reader decodes at most so many frames: that bounds its false alarms.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.pattern import OUTERMOST, Pattern
from provenance.watermark.sight import LONGEST, WORKING_SIDE
from provenance.watermark.spectra import along_rows, finish

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]

SIGHTINGS = 6
FEWEST_TILES, MOST_TILES = 1.2, 8.0
_STEP = 0.025
_GRID = 64
_LEAST_SURETY = 4.8
_REFINEMENTS = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a mark may be: its periods across and down in pixels, its shift from the middle in parts of a period."""

    periods: tuple[float, float]
    shift: tuple[float, float]
    surety: float


@dataclass(frozen=True, slots=True)
class Seeker:
    """Looks for one key's mark in one residual."""

    view: Floats
    pattern: Pattern

    def sightings(self) -> Iterator[Sighting]:
        """The sightings worth decoding, surest first, made exact one by one."""
        for rough in self._rough():
            yield self.sharpen(rough)

    def _rough(self) -> list[Sighting]:
        surfaces = self._surfaces()
        flat = surfaces.reshape(len(surfaces), -1)
        best = flat.argmax(axis=1)
        surety = flat[np.arange(len(flat)), best]
        found: list[Sighting] = []
        side = float(np.sqrt(self.view.size))
        for step in np.argsort(-surety):
            period = side / float(_ladder()[step])
            if len(found) == SIGHTINGS or surety[step] < _LEAST_SURETY:
                break
            down, across = np.unravel_index(best[step], surfaces.shape[1:])
            shift = (float(across) / _GRID, float(down) / _GRID)
            if not any(_same(period, shift, other) for other in found):
                found.append(Sighting((period, period), shift, float(surety[step])))
        return found

    def _surfaces(self) -> Floats:
        """The pilots' agreement for every scale and place, in standard deviations: shape (scales, _GRID, _GRID)."""
        turned = self._pilots_on_ladder() * self.pattern.pilot_phase.conj()
        across = self.pattern.across[self.pattern.pilots]
        down = self.pattern.down[self.pattern.pilots] % _GRID
        grid = np.zeros((len(turned), _GRID, _GRID // 2 + 1), np.complex64)
        grid[:, down, across] = turned
        # On the column of k = 0 only half of each pair of mirrored points is there; the other is its conjugate.
        grid[:, -down % _GRID, 0] += np.where(across == 0, turned.conj(), 0)
        scale = _GRID * _GRID / np.sqrt(2 * len(across))
        return np.asarray(np.fft.irfft2(grid, s=(_GRID, _GRID)) * scale, np.float32)

    def _pilots_on_ladder(self) -> Complexes:
        """The nearest bins of a padded transform to the pilots' frequencies at each scale, each ring made of power 1."""
        height, width = self.view.shape
        spectrum = np.fft.rfft2(self.view, s=(LONGEST, LONGEST))
        per_tile = LONGEST / np.sqrt(self.view.size) * _ladder()[:, None]
        across = np.rint(per_tile * self.pattern.across[self.pattern.pilots]).astype(np.int64)
        down = np.rint(per_tile * self.pattern.down[self.pattern.pilots]).astype(np.int64)
        inside = (across <= LONGEST // 2) & (np.abs(down) < LONGEST // 2)
        across, down = np.where(inside, across, 0), np.where(inside, down, 0)
        # The transform counts from the corner; the middle is where the mark's places are counted from.
        turn = np.exp(np.pi * 1j / LONGEST * (across * (width - 1) + down * (height - 1)))
        values = spectrum[down, across] * turn
        ring = np.minimum(np.hypot(across, down).astype(np.int64) // (LONGEST // 64), 63)
        power = np.bincount(ring.ravel(), np.abs(values.ravel()) ** 2, 64) / np.maximum(np.bincount(ring.ravel(), minlength=64), 1)
        return np.where(inside, values / np.sqrt(power[ring] + 1e-12), 0).astype(np.complex64)

    def sharpen(self, rough: Sighting) -> Sighting:
        """The same sighting with periods and shift moved to where the pilots agree most."""
        best = replace(rough, surety=-np.inf)
        reach = 0.5 * _STEP / np.sqrt(self.view.size)
        frequency = (1 / rough.periods[0], 1 / rough.periods[1])
        shift = rough.shift
        for _ in range(_REFINEMENTS):
            offsets = np.array([-1.0, 0.0, 1.0]) * reach
            columns = [along_rows(self.view, 1 / (frequency[0] + offset)) for offset in offsets]
            trials = [
                (frequency[0] + right, frequency[1] + low, finish(column, 1 / (frequency[1] + low)))
                for right, column in zip(offsets, columns, strict=True)
                for low in offsets
            ]
            for across, down, points in trials:
                surety, place = self._agreement(points, shift)
                if surety > best.surety:
                    best = Sighting((1 / across, 1 / down), place, surety)
            frequency, shift, reach = (1 / best.periods[0], 1 / best.periods[1]), best.shift, reach / 2
        return best

    def _agreement(self, points: Complexes, near: tuple[float, float]) -> tuple[float, tuple[float, float]]:
        """The pilots' agreement at the best of the shifts around one, and that shift."""
        pilots = self.pattern.pilots
        k, lines = self.pattern.across[pilots], self.pattern.down[pilots]
        values = points[lines + OUTERMOST, k] * self.pattern.pilot_phase.conj()
        around = np.arange(-4, 5) / (4 * _GRID)
        right = np.exp(2j * np.pi * np.outer(near[0] + around, k))
        low = np.exp(2j * np.pi * np.outer(near[1] + around, lines))
        surface = ((right * values) @ low.T).real
        i, j = np.unravel_index(int(surface.argmax()), surface.shape)
        level = np.sqrt(np.sum(np.abs(values) ** 2) / 2)
        return float(surface[i, j] / level), (float(near[0] + around[i]), float(near[1] + around[j]))


def turned(points: Complexes, pattern: Pattern, shift: tuple[float, float]) -> Complexes:
    """A spectrum's values at the pattern's points, the shift taken out of their phases."""
    turn = np.exp(2j * np.pi * (pattern.across * shift[0] + pattern.down * shift[1]))
    return np.asarray(points[pattern.down + OUTERMOST, pattern.across] * turn, np.complex64)


def _same(period: float, shift: tuple[float, float], other: Sighting) -> bool:
    apart = [abs((mine - theirs + 0.5) % 1 - 0.5) for mine, theirs in zip(shift, other.shift, strict=True)]
    return abs(period / other.periods[0] - 1) < 2 * _STEP / FEWEST_TILES and max(apart) < 3 / _GRID


@cache
def _ladder() -> Floats:
    """The numbers of tiles per side that are tried."""
    return np.arange(FEWEST_TILES, MOST_TILES, _STEP, dtype=np.float32)


assert WORKING_SIDE <= LONGEST
