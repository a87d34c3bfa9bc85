"""Stable Diffusion 1.x and 2.x, XL, and 3.x."""

from pathlib import Path
from typing import Any

from generation.families.base import Defaults, Family, Start
from generation.spec import GenerationSpec


class StableDiffusion(Family):
    """Stable Diffusion 1.x and 2.x: one text encoder, four latent channels."""

    name = "stable-diffusion"
    pipelines = ("StableDiffusionPipeline",)
    defaults = Defaults(steps=25, guidance=7.5, width=512, height=512)
    from_picture = "StableDiffusionImg2ImgPipeline"

    def arguments_from(self, start: Start, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Leave the size to the picture, which has it."""
        return _without_size(super().arguments_from(start, spec, folder))

    def parts(self) -> dict[str, Any]:
        """Leave out the bundled checker, which blackens pictures silently; screening is recorded elsewhere."""
        return {"safety_checker": None, "requires_safety_checker": False}


class StableDiffusionXL(Family):
    """Stable Diffusion XL: two text encoders, size conditioning by the pipeline itself."""

    name = "stable-diffusion-xl"
    pipelines = ("StableDiffusionXLPipeline",)
    defaults = Defaults(steps=30, guidance=5.0, width=1024, height=1024)
    from_picture = "StableDiffusionXLImg2ImgPipeline"

    def arguments_from(self, start: Start, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Leave the size to the picture, which has it."""
        return _without_size(super().arguments_from(start, spec, folder))

    def parts(self) -> dict[str, Any]:
        """Leave out diffusers' own invisible watermark; marking a picture is not this library's work."""
        return {"add_watermarker": False}


class StableDiffusion3(Family):
    """Stable Diffusion 3 and 3.5: a transformer trained by flow matching, three text encoders."""

    name = "stable-diffusion-3"
    pipelines = ("StableDiffusion3Pipeline",)
    defaults = Defaults(steps=28, guidance=4.5, width=1024, height=1024)
    multiple = 16
    from_picture = "StableDiffusion3Img2ImgPipeline"


def _without_size(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name not in {"width", "height"}}
