"""Sana: linear attention on latents that a deep autoencoder has shrunk thirty-two times."""

from pathlib import Path
from typing import Any

from generation.families.base import Defaults, Family
from generation.spec import GenerationSpec


class Sana(Family):
    """Sana, with a language model as its text encoder."""

    name = "sana"
    pipelines = ("SanaPipeline",)
    defaults = Defaults(steps=20, guidance=4.5, width=1024, height=1024)
    multiple = 32

    def arguments(self, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Ask for exactly the size of the spec; the stock instruction before the prompt stays, models expect it."""
        return super().arguments(spec, folder) | {"use_resolution_binning": False}
