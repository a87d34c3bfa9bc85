"""The second stage: makes a small picture four times larger with crisp edges.

A residual dense network of 0.23 million parameters (Zhang et al. 2018), trained by the authors of the npm package
`@upscalerjs/esrgan-slim` and rebuilt here from its layers; the weights come from `generation.training.upscaler`.
Not a diffusion model: the same pixels in give the same pixels out, and it invents no content.

Invariants:
- input and output are uint8 RGB, shape (height, width, 3); the output is exactly SCALE times larger each way;
- the picture is continued by reflection before and cropped after, so that no border of its own appears.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from generation.errors import ModelFolderError

SCALE = 4
MARGIN = 10
"""Pixels of reflected border: the reach of seven 3x3 layers and one of 5x5, rounded up."""

_WEIGHTS = "model.safetensors"


class ResidualDenseNetwork(nn.Module):
    """The network alone: float pictures (batch, 3, height, width) in [0, 255] to four times the size, not clipped."""

    def __init__(self) -> None:
        super().__init__()
        self.shallow = nn.ModuleList([_conv(3, 64, 3), _conv(64, 64, 3)])
        self.grow = nn.ModuleList([_conv(64, 4, 3), _conv(64, 4, 3)])
        self.fuse = nn.ModuleList([_conv(68, 64, 1), _conv(68, 64, 1)])
        self.gather = nn.Sequential(_conv(128, 64, 1), _conv(64, 64, 3))
        self.enlarge = nn.Sequential(_conv(64, 64, 5), nn.ReLU(), _conv(64, 32, 3), nn.ReLU(), _conv(32, 48, 3))
        self.draw = _conv(48, 3, 3)

    def forward(self, picture: Tensor) -> Tensor:
        """Enlarge; see the class for shapes."""
        first = self.shallow[0](picture)
        hidden = self.shallow[1](first)
        blocks = []
        for grow, fuse in zip(self.grow, self.fuse, strict=True):
            hidden = fuse(torch.cat([hidden, grow(hidden).relu()], dim=1)) + hidden
            blocks.append(hidden)
        deep = self.gather(torch.cat(blocks, dim=1)) + first
        large: Tensor = self.draw(functional.interpolate(self.enlarge(deep), scale_factor=SCALE, mode="nearest"))
        return large


class Upscaler:
    """An upscaler with weights. Use `from_folder`; calling it is deterministic and holds no state."""

    def __init__(self, network: ResidualDenseNetwork) -> None:
        self._network = network.eval().requires_grad_(False)

    @classmethod
    def from_folder(cls, folder: Path) -> Upscaler:
        """Load `model.safetensors` of `folder`. Raises ModelFolderError when it is missing or of another shape."""
        network = ResidualDenseNetwork()
        try:
            network.load_state_dict(load_file(folder / _WEIGHTS))
        except (OSError, RuntimeError) as error:
            raise ModelFolderError(
                f"{folder / _WEIGHTS} is no upscaler of this kind: export the model again"
            ) from error
        return cls(network)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Enlarge uint8 RGB of shape (height, width, 3) to (4 height, 4 width, 3).

        Raises ValueError for another type or shape, or for a side of MARGIN pixels or less, which cannot be reflected.
        """
        if pixels.dtype != torch.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"pixels must be uint8 of shape (height, width, 3), not {pixels.dtype} {pixels.shape}")
        if min(pixels.shape[:2]) <= MARGIN:
            raise ValueError(f"pixels must be more than {MARGIN} high and wide, not {tuple(pixels.shape[:2])}")
        picture = pixels.permute(2, 0, 1)[None].float()
        with torch.inference_mode():
            large = self._network(functional.pad(picture, [MARGIN] * 4, mode="reflect"))[0]
        edge = MARGIN * SCALE
        inner = large[:, edge:-edge, edge:-edge]
        result: Tensor = inner.clamp(0, 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
        return result


def _conv(inputs: int, outputs: int, side: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, side, padding=side // 2)
