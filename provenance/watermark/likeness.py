"""How like the original a marked picture is, in the pixels that are given out: rounded, clipped, at their own size.

PSNR is over RGB; SSIM over the luma with the window of eleven pixels, at every second place (every fourth of larger
pictures), which differs from the mean over all places by less than one in ten thousand; `strength` leaves room for it.

Source of SSIM: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, IEEE Trans. Image Processing 13 (2004).
"""

import math
from dataclasses import dataclass

import numpy as np

from provenance.watermark.planes import Floats, Levels, luma_of

LIGHT_CONSTANT, CONTRAST_CONSTANT = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_WINDOW = np.exp(-(np.arange(-5, 6, dtype=np.float32) ** 2) / np.float32(2 * 1.5**2))
_WINDOW /= _WINDOW.sum()
_LARGE = 768 * 768


@dataclass(frozen=True, slots=True)
class Original:
    """A picture before it is marked: its levels, shape (height, width, 3), and what SSIM asks of it alone."""

    levels: Levels
    luma: Floats
    mean: Floats
    variance: Floats
    step: int

    @classmethod
    def of(cls, levels: Levels) -> "Original":
        """The original with these levels."""
        luma = luma_of(levels)
        step = 4 if luma.size > _LARGE else 2
        mean = windowed(luma, step)
        return cls(levels, luma, mean, windowed(luma * luma, step) - mean * mean, step)

    def psnr(self, marked: Levels) -> float:
        """In decibels; infinite for the same picture."""
        difference = (marked.astype(np.int16) - self.levels).ravel().astype(np.float32)
        error = float(difference @ difference) / difference.size
        return 10 * math.log10(255**2 / error) if error else math.inf

    def ssim(self, marked: Levels) -> float:
        """1 for the same picture."""
        mark = luma_of(marked) - self.luma
        added = windowed(mark, self.step)
        own = windowed(mark * mark, self.step) - added * added
        shared = windowed(mark * self.luma, self.step) - added * self.mean
        alike = 2 * (self.variance + shared) + CONTRAST_CONSTANT
        bright = 2 * self.mean * (self.mean + added) + LIGHT_CONSTANT
        return float(np.mean(alike / (alike + own) * (bright / (bright + added * added))))


def windowed(plane: Floats, step: int) -> Floats:
    """Means within SSIM's window, a step apart, wherever all of it fits."""
    height, width = plane.shape[0] - len(_WINDOW) + 1, plane.shape[1] - len(_WINDOW) + 1
    rows = sum(weight * plane[at : at + height : step] for at, weight in enumerate(_WINDOW))
    return np.asarray(sum(weight * rows[:, at : at + width : step] for at, weight in enumerate(_WINDOW)), np.float32)
