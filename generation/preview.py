"""Small PNGs of pictures that are not finished, and a hash that knows a picture again by its looks.

Both take RGB8 pixels; neither loads torch.
"""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.engine import PREVIEW_SIDE

HASH_SIDE = 16
HASH_BITS = HASH_SIDE * HASH_SIDE


def preview_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return a PNG of (rows, columns, 3) pixels, at most `PREVIEW_SIDE` on its long side, never enlarged."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=1)
    return file.getvalue()


def perceptual_hash(pixels: bytes, width: int, height: int) -> str:
    """Return the difference hash of a picture: 256 bits as 64 hex digits.

    The picture is made grey and shrunk to 17 x 16; each bit says whether a pixel is darker than its right neighbour.
    Two looks at one picture differ in few bits, two pictures in about half of them.
    """
    grey = Image.frombytes("RGB", (width, height), pixels).convert("L")
    small = np.asarray(grey.resize((HASH_SIDE + 1, HASH_SIDE), Image.Resampling.BOX), dtype=np.int16)
    return np.packbits(small[:, :-1] < small[:, 1:]).tobytes().hex()


def hash_distance(one: str, other: str) -> int:
    """Return in how many of the `HASH_BITS` bits two perceptual hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
