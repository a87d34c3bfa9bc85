"""The model families: one module each, and the list that finds the right one for a pipeline class.

A new family of models goes here: write a module with one subclass of `Family` (start from the nearest neighbour),
add it to `FAMILIES`, and add a tiny model of it to tests/generation/models.py. Nothing else needs to know.

Importing this package loads no torch; families import it inside the functions that need it.
"""

from generation.errors import ModelFolderError
from generation.families.base import Defaults, Family, Painter, PostStep, Report, Start
from generation.families.flux import Flux
from generation.families.pixart import PixArtAlpha, PixArtSigma
from generation.families.prx import PRXLatent, PRXPixel
from generation.families.sana import Sana
from generation.families.stable_diffusion import StableDiffusion, StableDiffusion3, StableDiffusionXL

FAMILIES: tuple[Family, ...] = (
    PRXPixel(),
    PRXLatent(),
    StableDiffusion(),
    StableDiffusionXL(),
    StableDiffusion3(),
    Flux(),
    PixArtAlpha(),
    PixArtSigma(),
    Sana(),
)

__all__ = ["FAMILIES", "Defaults", "Family", "Painter", "PostStep", "Report", "Start", "family_named", "family_of"]


def family_of(pipeline: str) -> Family:
    """Return the family that a diffusers pipeline class belongs to; raise `ModelFolderError` when none knows it."""
    for family in FAMILIES:
        if pipeline in family.pipelines:
            return family
    known = ", ".join(sorted(name for family in FAMILIES for name in family.pipelines))
    raise ModelFolderError(f"model_index.json: {pipeline} is of no known family; use one of {known}")


def family_named(name: str) -> Family:
    """Return the family with this name, as catalogue entries write it; raise `ModelFolderError` when there is none."""
    for family in FAMILIES:
        if family.name == name:
            return family
    raise ModelFolderError(f"family: {name!r} is none of {', '.join(family.name for family in FAMILIES)}")
