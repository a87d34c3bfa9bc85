"""Small PNGs of pictures that are not finished, and a digest that knows a picture again by its look.

Both take RGB8 pixels; neither loads torch.
"""

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.engine import PREVIEW_SIDE

HASH_SIDE = 16
HASH_BITS = HASH_SIDE * HASH_SIDE
GRID_SIDE = 4
# Neighbours on flat ground differ by rounding alone; only a step that an eye could see sets a bit.
SEEN_STEP = 4


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture looks like, in 112 bytes: where it gets brighter, and its colours in sixteen places.

    `shape` is 256 bits as 64 hex digits: a bit is set where, in the grey picture shrunk to 17 x 16, a place is darker
    than its right neighbour by more than `SEEN_STEP` of 255. `colours` is the picture shrunk to 4 x 4, RGB8, as hex.
    """

    shape: str
    colours: str


def preview_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG of (rows, columns, 3) pixels, at most `PREVIEW_SIDE` on its long side, never enlarged."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=1)
    return file.getvalue()


def look_of(pixels: bytes, width: int, height: int) -> Look:
    """Return the look of RGB8 pixels."""
    picture = Image.frombytes("RGB", (width, height), pixels)
    grey = picture.convert("L").resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX)
    levels = np.asarray(grey, dtype=np.int16)
    brighter = levels[:, 1:] - levels[:, :-1] > SEEN_STEP
    grid = picture.resize((GRID_SIDE, GRID_SIDE), Image.Resampling.BOX)
    return Look(np.packbits(brighter).tobytes().hex(), grid.tobytes().hex())


def shape_distance(one: Look, other: Look) -> int:
    """Return in how many of the `HASH_BITS` bits two shapes differ."""
    return (int(one.shape, 16) ^ int(other.shape, 16)).bit_count()


def colour_distance(one: Look, other: Look) -> int:
    """Return the largest difference of a channel between two looks, 0 to 255."""
    here, there = (np.frombuffer(bytes.fromhex(look.colours), np.uint8).astype(np.int16) for look in (one, other))
    return int(np.abs(here - there).max())
