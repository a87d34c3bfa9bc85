"""Drawings that nobody protects, made by code: how near a reference comes to any flat drawing at all.

Emblems and logos are flat shapes, and the network finds all flat shapes much alike. So each reference is compared
with these when it is registered, and a picture has to come nearer to it than any of them to be called near.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from moderation.views import View

COUNT = 32
_SIDE = 224


@cache
def strangers() -> tuple[View, ...]:
    """The drawings, always the same: discs, blocks, stripes and letters of chance colours on a chance ground."""
    return tuple(_drawn(np.random.default_rng(seed)) for seed in range(COUNT))


def _drawn(chance: np.random.Generator) -> View:
    picture = Image.new("RGB", (_SIDE, _SIDE), _colour(chance, low=int(chance.integers(0, 200))))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(chance.integers(2, 10))):
        _shape(draw, chance)
    return np.asarray(picture)


def _shape(draw: ImageDraw.ImageDraw, chance: np.random.Generator) -> None:
    x, y, width, height = (int(value) for value in chance.integers(8, 150, 4))
    box, colour = (x, y, x + width, y + height), _colour(chance, low=0)
    kind = int(chance.integers(0, 5))
    if kind == 0:
        draw.ellipse(box, fill=colour)
    elif kind == 1:
        draw.rectangle(box, fill=colour)
    elif kind == 2:
        draw.line(box, fill=colour, width=int(chance.integers(4, 24)))
    elif kind == 3:
        draw.regular_polygon((x + 40, y + 40, max(12, width // 2)), int(chance.integers(3, 8)), fill=colour)
    else:
        draw.text((x, y), "".join(chr(65 + int(c)) for c in chance.integers(0, 26, 3)), fill=colour, font_size=height)


def _colour(chance: np.random.Generator, *, low: int) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in chance.integers(low, 256, 3))
    return red, green, blue
