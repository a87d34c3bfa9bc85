"""Putting a mark into a picture: a tile from key and payload, shaped by what the eye allows and by the picture itself.

The reader will see the picture's own energy at the mark's frequencies as noise. The embedder knows that energy
beforehand and takes a share of it away while it adds the mark: a larger share where it is small beside the mark,
hardly any where removing it would cost more than it gains (H. S. Malvar, D. A. F. Florêncio, "Improved spread
spectrum", IEEE Trans. Signal Processing 51, 2003).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.watermark.likeness import Original
from provenance.watermark.pattern import INNERMOST, OUTERMOST, Pattern
from provenance.watermark.planes import Levels
from provenance.watermark.sight import WORKING_SIDE, luma, view, working_size
from provenance.watermark.spectra import analyse, synthesise
from provenance.watermark.strength import Limits, allowance, room

Floats = NDArray[np.float32]
Complexes = NDArray[np.complex64]

TILES = 4.0
_RINGS = 8
# Lossy formats keep the broad waves of a plain surface and wipe the fine ones away.
_PLAIN_TILT = 2
# Where many waves meet, a rare crest would be seen on a plain surface, and hardly adds to what is heard.
_CREST = 3
# Grey levels; plain surfaces carry hardly more, and there alone clipping would matter.
_HEADROOM = 1
_GIVING_WAY = 0.995
_FAINTEST = 0.05


def tile_period(width: int, height: int) -> float:
    """The mark's period in a picture, in its pixels: a fixed share of its side, a larger one of small pictures."""
    side = math.sqrt(width * height)
    return side / (TILES * math.sqrt(min(1.0, side / WORKING_SIDE)))


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture at working size, and the period that a mark has there."""

    plane: Floats
    allowed: Floats
    period: float

    @classmethod
    def of(cls, image: Image.Image) -> "Canvas":
        """The canvas of an RGB picture."""
        size = working_size(*image.size)
        plane = luma(image, size)
        period = tile_period(*image.size) * float(np.sqrt(size[0] * size[1] / (image.width * image.height)))
        return cls(plane, allowance(plane), period)

    def draw(self, pattern: Pattern, points: Complexes) -> tuple[Floats, bool]:
        """The mark of these points as a plane, as strong as it may be, and whether it is on a plain picture."""
        layout = np.zeros((2 * OUTERMOST + 1, OUTERMOST + 1), np.complex64)
        layout[pattern.down + OUTERMOST, pattern.across] = points
        tile = synthesise(layout, (self.period, self.period), (self.plane.shape[0], self.plane.shape[1]))
        level = np.clip(tile * np.float32(np.sqrt(2 / np.sum(np.abs(points) ** 2))), -_CREST, _CREST)
        mark = level * self.allowed
        limits = Limits.of(self.plane, mark)
        return mark * np.float32(limits.loudness), limits.plain

    def seen(self, pattern: Pattern, mark: Floats | None = None) -> Complexes:
        """What a reader sees at the pattern's points."""
        seen = view(self.plane if mark is None else self.plane + mark)
        return analyse(seen, (self.period, self.period))[pattern.down + OUTERMOST, pattern.across]


def plan(canvas: Canvas, pattern: Pattern, signs: Floats) -> Floats:
    """The mark for a canvas, in grey levels at working size."""
    points = pattern.spectrum(signs)
    mark, plain = canvas.draw(pattern, points)
    if plain:
        points = points * (INNERMOST / pattern.radius) ** _PLAIN_TILT
        mark, _ = canvas.draw(pattern, points)
    own = canvas.seen(pattern)
    heard = (canvas.seen(pattern, mark) - own) / points
    gain = np.maximum(_by_ring(pattern, heard.real), np.float32(1e-6))
    noise = _by_ring(pattern, np.abs(own) ** 2)
    share = 1 / (1 + noise / (gain * np.abs(points)) ** 2)
    return canvas.draw(pattern, points - share * own / gain)[0]


def apply(image: Image.Image, mark: Floats) -> Levels:
    """The RGB8 levels of a picture with a mark of working size in them, the same in all three channels.

    Both limits hold in what is given out: the mark gives way step by step until they do, in the end altogether.
    """
    full = mark
    if mark.shape != (image.height, image.width):
        full = np.asarray(Image.fromarray(mark).resize(image.size, Image.Resampling.BICUBIC))
    original = Original.of(np.asarray(image))
    share = 1.0
    while share > _FAINTEST:
        marked = _added(original.levels, full * np.float32(share))
        left = room(original.psnr(marked), original.ssim(marked))
        if left >= 1:
            return marked
        share *= _GIVING_WAY * left
    return original.levels


def _added(levels: Levels, mark: Floats) -> Levels:
    """The sum, rounded and clipped.

    White first gives way by a level, so that the mark can go both up and down there. Black does not: SSIM, like the
    eye, takes one level more of nothing for a lot.
    """
    given = np.minimum(levels, 255 - _HEADROOM).astype(np.int16)
    return np.asarray(np.clip(given + np.rint(mark).astype(np.int16)[..., None], 0, 255), np.uint8)


def _by_ring(pattern: Pattern, values: Floats) -> Floats:
    """Each point's value replaced by the mean over its ring."""
    edges = np.linspace(pattern.radius[0], pattern.radius[-1], _RINGS + 1)[1:-1]
    ring = np.digitize(pattern.radius, edges)
    mean = np.bincount(ring, values, _RINGS) / np.bincount(ring, minlength=_RINGS)
    return mean[ring].astype(np.float32)
