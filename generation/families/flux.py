"""FLUX.1: flow matching on latents that are packed, two by two, into a sequence."""

from typing import TYPE_CHECKING, Any

from generation.families.base import Defaults, Family
from generation.spec import GenerationSpec

if TYPE_CHECKING:
    import torch


class Flux(Family):
    """FLUX.1: guidance is an input of the model, so there is no negative prompt."""

    name = "flux"
    pipelines = ("FluxPipeline",)
    defaults = Defaults(steps=28, guidance=3.5, width=1024, height=1024)
    multiple = 16
    takes_negative_prompt = False
    from_picture = "FluxImg2ImgPipeline"

    def unpacked(self, latents: "torch.Tensor", spec: GenerationSpec, pipeline: Any) -> "torch.Tensor":
        """Return (1, channels, rows, columns) of the (1, rows/2 * columns/2, channels * 4) that FLUX works on."""
        shrunk = pipeline.vae_scale_factor * 2
        rows, columns = spec.height // shrunk, spec.width // shrunk
        quads = latents.view(1, rows, columns, -1, 2, 2).permute(0, 3, 1, 4, 2, 5)
        return quads.reshape(1, -1, rows * 2, columns * 2)
