"""What embedder and reader look at: the luma of a picture at working size, freed of what pictures are mostly made of.

Pictures hold most of their energy in broad shapes and at edges. The *view* is the luma's detail divided by its own
local strength, so that no edge outweighs a surface, and weighed by how strong a mark may be there beside that strength,
so that what is heard most is where a mark has most to say. Plain surfaces, which lossy formats wipe clean, count
little. Working size is an area of 512 x 512 pixels at most, the longer side at most 1024; smaller pictures stay as
they are.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.watermark.planes import blur, detail, luma_of
from provenance.watermark.strength import allowance

Floats = NDArray[np.float32]

WORKING_SIDE = 512
LONGEST = 1024
_SOFTENING = 4.0
_STRONGEST = 3.0
_REACH = 2


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height at which a picture of this size is looked at."""
    scale = min(1.0, WORKING_SIDE / math.sqrt(width * height), LONGEST / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def luma(image: Image.Image, size: tuple[int, int]) -> Floats:
    """The luma (BT.601, 0 to 255) of an RGB picture at a size of at most its own, averaged where it shrinks."""
    if size != image.size:
        image = image.resize(size, Image.Resampling.HAMMING)
    return luma_of(np.asarray(image))


def view(plane: Floats) -> Floats:
    """The view of a luma plane: same shape, mean about zero, at most a few units strong."""
    fine = detail(plane)
    strength = np.sqrt(blur(blur(fine * fine, _REACH), _REACH)) + np.float32(_SOFTENING)
    heard = np.clip(fine / strength, -_STRONGEST, _STRONGEST) * (allowance(plane) / strength)
    return np.asarray(heard, np.float32)
