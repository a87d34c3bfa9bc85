"""Pixels made ready for the networks: checked, cut into tiles, resized the way each network was trained.

Shapes and units: pixels are RGB8, height x width x 3; a view is such an array. Networks take 224 x 224.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from moderation.errors import InputError

SIDE = 224
SMALLEST, LARGEST = 16, 8192  # pixels a side
_TILED_FROM = 512  # from here a quarter of the picture is as large as the networks' input

View = npt.NDArray[np.uint8]


def as_view(pixels: bytes, width: int, height: int) -> View:
    """The whole picture; raises `InputError` when the bytes are not width x height RGB8."""
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise InputError(f"picture: {width} x {height} pixels; each side must lie between {SMALLEST} and {LARGEST}")
    if len(pixels) != width * height * 3:
        raise InputError(f"pixels: {len(pixels)} bytes, but {width} x {height} RGB8 takes {width * height * 3}")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


def views(picture: View) -> tuple[View, ...]:
    """The picture, and its quarters when they are large enough: a contact sheet hides small scenes."""
    height, width, _ = picture.shape
    if min(height, width) < _TILED_FROM:
        return (picture,)
    y, x = height // 2, width // 2
    return (picture, picture[:y, :x], picture[:y, x:], picture[y:, :x], picture[y:, x:])


def corner_aligned(view: View) -> npt.NDArray[np.float32]:
    """`view` as 224 x 224 x 3 in [0, 1], bilinear with aligned corners, as nsfwjs prepares its input."""
    height, width, _ = view.shape
    rows = np.linspace(0.0, height - 1.0, SIDE, dtype=np.float32)
    columns = np.linspace(0.0, width - 1.0, SIDE, dtype=np.float32)
    top, left = np.floor(rows).astype(np.intp), np.floor(columns).astype(np.intp)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - top)[:, None, None], (columns - left)[None, :, None]
    at_left, at_right = _between(view, top, bottom, left, down), _between(view, top, bottom, right, down)
    mixed = at_left + (at_right - at_left) * across
    return np.asarray(mixed / np.float32(255.0), dtype=np.float32)


def _between(
    view: View,
    top: npt.NDArray[np.intp],
    bottom: npt.NDArray[np.intp],
    columns: npt.NDArray[np.intp],
    down: npt.NDArray[np.floating[Any]],
) -> npt.NDArray[np.floating[Any]]:
    """The chosen columns, mixed from two rows each; only what is chosen is ever made into floats."""
    upper = view[np.ix_(top, columns)].astype(np.float32)
    lower = view[np.ix_(bottom, columns)].astype(np.float32)
    return upper + (lower - upper) * down


def as_image(view: View) -> Image.Image:
    """`view` as a Pillow image."""
    return Image.fromarray(np.ascontiguousarray(view))
