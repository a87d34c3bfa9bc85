"""Arithmetic on planes: float32 arrays of one value a pixel, row by row."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Levels = NDArray[np.uint8]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_LOWEST_FREQUENCY = 0.02
_ROLL_OFF = 0.33


def luma_of(levels: Levels) -> Floats:
    """The luma (BT.601, 0 to 255) of RGB8 levels of shape (height, width, 3)."""
    return np.asarray(levels @ _LUMA, np.float32)


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


def detail(plane: Floats) -> Floats:
    """The plane with its spectrum raised in proportion to the frequency, as pictures fall off with it; no mean."""
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
