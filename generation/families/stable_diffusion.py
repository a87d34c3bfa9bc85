"""Stable Diffusion 1.x and 2.x, and Stable Diffusion XL."""

from typing import Any

from generation.families.base import Defaults, Family


class StableDiffusion(Family):
    """Stable Diffusion 1.x and 2.x: one text encoder, four latent channels."""

    name = "stable-diffusion"
    pipelines = ("StableDiffusionPipeline",)
    defaults = Defaults(steps=25, guidance=7.5, width=512, height=512)

    def parts(self) -> dict[str, Any]:
        """Leave out the bundled checker, which blackens pictures silently; screening is recorded elsewhere."""
        return {"safety_checker": None, "requires_safety_checker": False}


class StableDiffusionXL(Family):
    """Stable Diffusion XL: two text encoders, size conditioning by the pipeline itself."""

    name = "stable-diffusion-xl"
    pipelines = ("StableDiffusionXLPipeline",)
    defaults = Defaults(steps=30, guidance=5.0, width=1024, height=1024)

    def parts(self) -> dict[str, Any]:
        """Leave out diffusers' own invisible watermark; marking a picture is not this library's work."""
        return {"add_watermarker": False}
