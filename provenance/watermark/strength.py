"""How strong a mark may be, point by point and as a whole: strong where a picture is busy, weak where it is plain.

- `allowance` is the local amplitude that the eye does not mind, up to one common factor. It follows the smaller
  eigenvalue of the structure tensor, which is large in a texture and small on a plain surface *and along an edge or a
  line*, where a mark shows as crumbs (J. Bigün, G. H. Granlund, "Optimal orientation detection of linear symmetry",
  ICCV 1987).
- `Limits` foretells the factor: the largest with which both limits hold, PSNR over RGB and SSIM over the luma, for a
  mark at working size. Rounding, clipping and the picture's own size change both a little, so `room` says by how much
  the mark in the finished pixels, whose likeness was measured, has to give way.
"""

import math
from dataclasses import dataclass

import numpy as np

from provenance.watermark.likeness import CONTRAST_CONSTANT, LIGHT_CONSTANT, windowed
from provenance.watermark.planes import Floats, blur

PSNR_FLOOR = 40.0
SSIM_FLOOR = 0.98
_PSNR_AIM = PSNR_FLOOR + 0.25
_SSIM_AIM = SSIM_FLOOR + 0.0002
_PSNR_ENOUGH = PSNR_FLOOR + 0.01
_SSIM_ENOUGH = SSIM_FLOOR + 0.0001
_ROUNDING = 1 / 12
_PLAIN, _BUSY, _MOST = 0.8, 1.6, 12.0
_LOUDEST = 1.4
_PLAIN_SHARE = 0.85
_REACH = 4
_STEP = 2


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


def room(psnr: float, ssim: float) -> float:
    """The factor by which a mark may be multiplied until a limit is reached; 1 and more: both hold.

    About, because both measures fall with the mark's energy, and rounding is not proportional to it.
    """
    near = 10 ** ((psnr - _PSNR_ENOUGH) / 20)
    return min(near, math.sqrt((1 - _SSIM_ENOUGH) / max(1 - ssim, 1e-6)))


def _similar_up_to(plane: Floats, mark: Floats) -> float:
    """The factor at which the mean SSIM of a plane with a mark reaches the limit, by bisection."""
    mean, added = windowed(plane, _STEP), windowed(mark, _STEP)
    host, own, shared = (
        windowed(one * other, _STEP) - windowed(one, _STEP) * windowed(other, _STEP)
        for one, other in ((plane, plane), (mark, mark), (plane, mark))
    )
    low, high = 0.0, _LOUDEST
    for _ in range(10):
        middle = np.float32((low + high) / 2)
        alike = 2 * (host + middle * shared) + CONTRAST_CONSTANT
        structure = alike / (alike + middle**2 * own + _ROUNDING)
        bright = 2 * mean * (mean + middle * added) + LIGHT_CONSTANT
        light = bright / (bright + (middle * added) ** 2)
        low, high = (float(middle), high) if float(np.mean(structure * light)) >= _SSIM_AIM else (low, float(middle))
    return low


def _around(plane: Floats) -> Floats:
    return blur(blur(plane, _REACH), _REACH)
