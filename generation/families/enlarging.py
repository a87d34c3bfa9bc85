"""What is done to a small picture to bring it to the size asked for: recorded steps after sampling."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.canonical import JSON

if TYPE_CHECKING:
    import torch

ENLARGEMENT = 4


class Enlarge:
    """The second stage: a convolutional network that makes a picture four times larger, sharp at its edges."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def describe(self) -> dict[str, JSON]:
        """Return the name and factor; the weights are among the model's own files."""
        return {"name": "enlarge", "factor": ENLARGEMENT, "weights": self._folder.name}

    def __call__(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Return (4 rows, 4 columns, 3) uint8."""
        enlarged: torch.Tensor = _upscaler(self._folder)(pixels)
        return enlarged


class Resample:
    """Lanczos resampling to exact sides."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)

    def describe(self) -> dict[str, JSON]:
        """Return the name, the sides and the filter."""
        return {"name": "resample", "width": self._size[0], "height": self._size[1], "filter": "lanczos"}

    def __call__(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Return pixels with the sides of this step, uint8."""
        import numpy as np
        import torch
        from PIL import Image

        resized = Image.fromarray(pixels.numpy()).resize(self._size, Image.Resampling.LANCZOS)
        return torch.from_numpy(np.array(resized))


@lru_cache(maxsize=2)
def _upscaler(folder: Path) -> Any:
    from generation.upscale import Upscaler

    return Upscaler.from_folder(folder)
