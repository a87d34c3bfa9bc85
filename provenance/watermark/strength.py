"""How strong a mark may be, point by point and as a whole: strong where a picture is busy, weak where it is plain.

- `allowance` is the local amplitude that the eye does not mind, up to one common factor. It follows the smaller
  eigenvalue of the structure tensor, which is large in a texture and small on a plain surface *and along an edge or a
  line*, where a mark shows as crumbs (J. Bigün, G. H. Granlund, "Optimal orientation detection of linear symmetry",
  ICCV 1987).
- `loudness` finds the factor: the largest with which both limits hold, PSNR over RGB and SSIM over the luma. A share of
  the mark is lost to rounding and clipping, so the limits here are a little stricter than those promised.

Source of SSIM: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, IEEE Trans. Image Processing 13 (2004).
"""

import math

import numpy as np
from numpy.typing import NDArray

from provenance.watermark.planes import blur

Floats = NDArray[np.float32]

PSNR_FLOOR = 40.0
SSIM_FLOOR = 0.98
_PSNR_AIM = PSNR_FLOOR + 0.25
_SSIM_AIM = SSIM_FLOOR + 0.003
_ROUNDING = 1 / 12
_PLAIN, _BUSY, _MOST = 0.8, 1.6, 12.0
_LOUDEST = 1.0
_REACH = 4
_CONTRAST_CONSTANT = (0.03 * 255) ** 2


def allowance(plane: Floats) -> Floats:
    """The amplitude allowed at each pixel of a luma plane, in grey levels."""
    down, across = (np.gradient(plane, axis=axis) for axis in (0, 1))
    vertical, horizontal, mixed = (_around(product) for product in (down * down, across * across, down * across))
    activity = (vertical + horizontal) / 2 - np.hypot((vertical - horizontal) / 2, mixed)
    return np.minimum(np.sqrt(_PLAIN**2 + _BUSY**2 * np.maximum(activity, 0)), np.float32(_MOST))


def loudness(plane: Floats, mark: Floats) -> float:
    """The factor for a mark so that the luma plane with it stays within both limits."""
    power = float(np.mean(mark * mark))
    most = 255**2 / 10 ** (_PSNR_AIM / 10) - _ROUNDING
    return min(_LOUDEST, math.sqrt(most / power), _similar_up_to(plane, mark))


def _similar_up_to(plane: Floats, mark: Floats) -> float:
    """The factor at which the mean SSIM reaches the limit, by bisection.

    The mark knows nothing of the picture, so their covariance is that of the picture alone, and SSIM becomes
    (2V + C) / (2V + C + f²·v) with the variances V and v within its window.
    """
    host, added = 2 * _variance(plane) + _CONTRAST_CONSTANT, _variance(mark)
    low, high = 0.0, _LOUDEST
    for _ in range(12):
        middle = (low + high) / 2
        similar = float(np.mean(host / (host + (middle**2) * added + _ROUNDING)))
        low, high = (middle, high) if similar >= _SSIM_AIM else (low, middle)
    return low


def _variance(plane: Floats) -> Floats:
    """The variance within a window like SSIM's Gaussian of 1.5 pixels: two boxes of five have nearly that width."""
    mean = blur(blur(plane, 1), 2)
    return np.maximum(blur(blur(plane * plane, 1), 2) - mean * mean, 0)[::2, ::2]


def _around(plane: Floats) -> Floats:
    return blur(blur(plane, _REACH), _REACH)
