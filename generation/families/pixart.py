"""PixArt-alpha and PixArt-sigma: small diffusion transformers with a T5 text encoder."""

from pathlib import Path
from typing import Any

from generation.families.base import Defaults, Family, Report
from generation.spec import GenerationSpec


class PixArtAlpha(Family):
    """PixArt-alpha; its pipelines still call back in diffusers' older way."""

    name = "pixart-alpha"
    pipelines = ("PixArtAlphaPipeline",)
    defaults = Defaults(steps=20, guidance=4.5, width=1024, height=1024)
    multiple = 16

    def arguments(self, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Ask for exactly the size of the spec, and for the prompt as it was typed."""
        return super().arguments(spec, folder) | {"use_resolution_binning": False, "clean_caption": False}

    def listening(self, report: Report) -> dict[str, Any]:
        """Use the older callback, which brings the latents themselves."""
        return {"callback": lambda index, _time, latents: report(index, latents), "callback_steps": 1}


class PixArtSigma(PixArtAlpha):
    """PixArt-sigma: the same calls, longer prompts, larger pictures."""

    name = "pixart-sigma"
    pipelines = ("PixArtSigmaPipeline",)
