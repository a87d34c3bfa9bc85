"""How like two pictures are: PSNR over RGB, SSIM over luma. Written apart from the embedder's own estimate."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LUMA = np.array([0.299, 0.587, 0.114])


def psnr(one: Image.Image, other: Image.Image) -> float:
    """In decibels, over all three channels."""
    error = np.mean((np.asarray(one, np.float64) - np.asarray(other, np.float64)) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Over the luma, with the Gaussian window of 1.5 pixels and the constants of Wang et al. (2004)."""
    x, y = (np.asarray(image, np.float64) @ _LUMA for image in (one, other))
    mean_x, mean_y = _window(x), _window(y)
    over_x, over_y = _window(x * x) - mean_x**2, _window(y * y) - mean_y**2
    both = _window(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return float(np.mean(luminance * (2 * both + c2) / (over_x + over_y + c2)))


def _window(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Gaussian mean at every place where the window of eleven pixels fits."""
    weights = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    height, width = plane.shape
    rows = sum(weight * plane[at : at + height - 10] for at, weight in enumerate(weights))
    return np.asarray(sum(weight * rows[:, at : at + width - 10] for at, weight in enumerate(weights)))
