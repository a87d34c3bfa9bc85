"""What embedder and reader look at: the luma of a picture at working size, freed of what pictures are mostly made of.

Pictures hold most of their energy in broad shapes and at edges. The *residual* is the luma with its spectrum raised in
proportion to the frequency and then divided by its own local strength, so that no edge outweighs a surface.
Working size is 512 x 512 pixels' worth of area at most, the longer side at most 1024; smaller pictures stay as they are.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]

WORKING_SIDE = 512
LONGEST = 1024
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LOWEST_FREQUENCY = 0.02
_ROLL_OFF = 0.33
_SOFTENING = 0.8
_STRONGEST = 3.0
_REACH = 3


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height at which a picture of this size is looked at."""
    scale = min(1.0, WORKING_SIDE / math.sqrt(width * height), LONGEST / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def luma(image: Image.Image, size: tuple[int, int]) -> Floats:
    """The luma (BT.601, 0 to 255) of an RGB picture at a size of at most its own, averaged where it shrinks."""
    if size != image.size:
        image = image.resize(size, Image.Resampling.HAMMING)
    return np.asarray(image, np.float32) @ _LUMA


def residual(plane: Floats) -> Floats:
    """The residual of a luma plane: same shape, about unit strength everywhere but on plain surfaces."""
    detail = _raise_frequencies(plane)
    strength = np.sqrt(blur(blur(detail * detail, _REACH), _REACH))
    return np.clip(detail / (strength + np.float32(_SOFTENING)), -_STRONGEST, _STRONGEST)


def blur(plane: Floats, reach: int) -> Floats:
    """The mean over a square of 2·reach + 1 pixels, the border repeated."""
    for axis in (0, 1):
        padded = np.pad(plane, [(reach, reach) if axis == side else (0, 0) for side in (0, 1)], mode="edge")
        length = plane.shape[axis]
        total = np.zeros_like(plane)
        for shift in range(2 * reach + 1):
            total += padded[shift : shift + length] if axis == 0 else padded[:, shift : shift + length]
        plane = total / np.float32(2 * reach + 1)
    return plane


def _raise_frequencies(plane: Floats) -> Floats:
    height, width = plane.shape
    padded = np.pad(plane, ((0, _margin(height)), (0, _margin(width))), mode="symmetric")
    down = np.fft.fftfreq(padded.shape[0]).astype(np.float32)[:, None]
    across = np.fft.rfftfreq(padded.shape[1]).astype(np.float32)[None]
    frequency = np.hypot(down, across)
    gain = frequency * 10 * np.exp(-((frequency / _ROLL_OFF) ** 4))
    gain[frequency < _LOWEST_FREQUENCY] = 0
    spectrum = np.fft.rfft2(padded) * gain
    return np.asarray(np.fft.irfft2(spectrum, s=padded.shape)[:height, :width], np.float32)


def _margin(length: int) -> int:
    """At least a sixteenth of mirror image against ringing at the border, up to a length that transforms fast."""
    return min(length, -(-(length + length // 16) // 32) * 32 - length)
