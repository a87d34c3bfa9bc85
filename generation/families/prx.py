"""PRX in pixel space: no VAE, a transformer that predicts the clean picture (the starter model is one).

A folder with an `upscaler/` beside the pipeline paints small and is enlarged fourfold afterwards; the spec's size is
that of the finished picture.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.canonical import JSON
from generation.families.base import Defaults, Family, Painter, PostStep
from generation.spec import GenerationSpec

if TYPE_CHECKING:
    import torch

UPSCALER = "upscaler"
ENLARGEMENT = 4
PATCH = 8


class PRXPixel(Family):
    """PRX in pixel space, with or without a second stage that enlarges."""

    name = "prx-pixel"
    pipelines = ("PRXPixelPipeline",)
    defaults = Defaults(steps=12, guidance=4.0, width=256, height=256)

    def size_multiple(self, folder: Path) -> int:
        """Return the patch of the transformer in pixels of the finished picture."""
        return PATCH * _enlargement(folder)

    def arguments(self, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Ask for the painted size, and for exactly that: size bins exist for 1024-pixel models only."""
        return super().arguments(spec, folder) | {
            "width": spec.width // _enlargement(folder),
            "height": spec.height // _enlargement(folder),
            "use_resolution_binning": False,
        }

    def painter(self, pipeline: Any) -> Painter:
        """Return the pixels as they are: in pixel space the latents are the picture, in -1 to 1."""
        from generation.forecast import as_bytes

        return lambda latents, spec: as_bytes(latents[0])

    def post_steps(self, spec: GenerationSpec, folder: Path) -> Sequence[PostStep]:
        """Enlarge when the folder brings the weights to do so."""
        return (_Enlarge(folder / UPSCALER),) if _enlargement(folder) > 1 else ()


class _Enlarge:
    """The second stage as a recorded step."""

    def __init__(self, folder: Path) -> None:
        from generation.upscale import Upscaler

        self._upscaler = Upscaler.from_folder(folder)

    def describe(self) -> dict[str, JSON]:
        return {"name": "enlarge", "factor": ENLARGEMENT, "weights": UPSCALER}

    def __call__(self, pixels: "torch.Tensor") -> "torch.Tensor":
        return self._upscaler(pixels)


def _enlargement(folder: Path) -> int:
    return ENLARGEMENT if (folder / UPSCALER).is_dir() else 1
