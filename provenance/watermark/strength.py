"""How strong a mark may be, point by point and as a whole: strong where a picture is busy, weak where it is plain.

- `allowance` is the local amplitude that the eye does not mind, up to one common factor. It follows the smaller
  eigenvalue of the structure tensor, which is large in a texture and small on a plain surface *and along an edge or a
  line*, where a mark shows as crumbs (J. Bigün, G. H. Granlund, "Optimal orientation detection of linear symmetry",
  ICCV 1987).
- `Limits` has the factor: the largest with which both limits hold, PSNR over RGB and SSIM over the luma. A share of
  the mark is lost to rounding and clipping, so the limits here are a little stricter than those promised.

Source of SSIM: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, IEEE Trans. Image Processing 13 (2004).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.planes import blur

Floats = NDArray[np.float32]

PSNR_FLOOR = 40.0
SSIM_FLOOR = 0.98
_PSNR_AIM = PSNR_FLOOR + 0.25
_SSIM_AIM = SSIM_FLOOR + 0.0002
_ROUNDING = 1 / 12
_PLAIN, _BUSY, _MOST = 0.8, 1.6, 12.0
_LOUDEST = 1.25
_PLAIN_SHARE = 0.85
_REACH = 4
_WINDOW = np.exp(-(np.arange(-5, 6, dtype=np.float32) ** 2) / np.float32(2 * 1.5**2))
_WINDOW /= _WINDOW.sum()
_LIGHT_CONSTANT, _CONTRAST_CONSTANT = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def allowance(plane: Floats) -> Floats:
    """The amplitude allowed at each pixel of a luma plane, in grey levels."""
    down, across = (np.gradient(plane, axis=axis) for axis in (0, 1))
    vertical, horizontal, mixed = (_around(product) for product in (down * down, across * across, down * across))
    activity = (vertical + horizontal) / 2 - np.hypot((vertical - horizontal) / 2, mixed)
    return np.minimum(np.sqrt(_PLAIN**2 + _BUSY**2 * np.maximum(activity, 0)), np.float32(_MOST))


@dataclass(frozen=True, slots=True)
class Limits:
    """The factors at which a mark on a luma plane reaches the limit of PSNR and of SSIM."""

    near: float
    similar: float

    @classmethod
    def of(cls, plane: Floats, mark: Floats) -> "Limits":
        """The limits of a mark with the amplitudes that are allowed, up to a common factor."""
        most = 255**2 / 10 ** (_PSNR_AIM / 10) - _ROUNDING
        return cls(math.sqrt(most / float(np.mean(mark * mark))), _similar_up_to(plane, mark))

    @property
    def loudness(self) -> float:
        """The largest factor with which both hold."""
        return min(self.near, self.similar)

    @property
    def plain(self) -> bool:
        """Whether SSIM clearly decides: most of the picture is surface where little of a mark shows already."""
        return self.similar < _PLAIN_SHARE * self.near


def _similar_up_to(plane: Floats, mark: Floats) -> float:
    """The factor at which the mean SSIM of a plane with a mark reaches the limit, by bisection."""
    mean, added = _windowed(plane), _windowed(mark)
    host, own, shared = (
        _windowed(one * other) - _windowed(one) * _windowed(other)
        for one, other in ((plane, plane), (mark, mark), (plane, mark))
    )
    low, high = 0.0, _LOUDEST
    for _ in range(10):
        middle = np.float32((low + high) / 2)
        alike = 2 * (host + middle * shared) + _CONTRAST_CONSTANT
        structure = alike / (alike + middle**2 * own + _ROUNDING)
        bright = 2 * mean * (mean + middle * added) + _LIGHT_CONSTANT
        light = bright / (bright + (middle * added) ** 2)
        low, high = (float(middle), high) if float(np.mean(structure * light)) >= _SSIM_AIM else (low, float(middle))
    return low


def _windowed(plane: Floats) -> Floats:
    """Means within SSIM's window, at every other place where all of it fits."""
    height, width = plane.shape[0] - len(_WINDOW) + 1, plane.shape[1] - len(_WINDOW) + 1
    rows = sum(weight * plane[at : at + height : 2] for at, weight in enumerate(_WINDOW))
    return np.asarray(sum(weight * rows[:, at : at + width : 2] for at, weight in enumerate(_WINDOW)), np.float32)


def _around(plane: Floats) -> Floats:
    return blur(blur(plane, _REACH), _REACH)
