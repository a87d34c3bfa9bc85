"""PRX: in pixel space, where a transformer predicts the clean picture (the starter model is one), and in latents.

A pixel-space folder with an `upscaler/` beside the pipeline paints at the size it was trained for, in the shape
asked for, and is brought to the size of the spec afterwards: enlarged fourfold, twice where that is not enough, and
resampled when the sides then differ. So any size is served; what is painted stays as coarse as the model.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generation.families.base import Defaults, Family, Painter, PostStep, Start
from generation.families.enlarging import ENLARGEMENT, Enlarge, Resample
from generation.folder import json_of
from generation.spec import GenerationSpec

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from generation.vocabulary import Vocabulary

UPSCALER = "upscaler"
VOCABULARY = "vocabulary.json"


class PRXPixel(Family):
    """PRX in pixel space, with or without a second stage that enlarges."""

    name = "prx-pixel"
    pipelines = ("PRXPixelPipeline",)
    defaults = Defaults(steps=12, guidance=4.0, width=256, height=256)
    from_picture = "PRXPixelPipeline"

    def size_multiple(self, folder: Path) -> int:
        """Return the patch of the transformer; a model that is enlarged afterwards serves every size."""
        return 1 if _is_enlarged(folder) else _patch(folder)

    def notices(self, spec: GenerationSpec, folder: Path) -> tuple[str, ...]:
        """Name the words that a model with a declared vocabulary has never learned."""
        declared = folder / VOCABULARY
        if not declared.is_file():
            return ()
        unknown = _vocabulary(folder, declared.stat().st_mtime_ns).unknown_words(spec.prompt)
        if not unknown:
            return ()
        return (f"This model was never taught these words and paints as if they were not there: {', '.join(unknown)}.",)

    def arguments(self, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Ask for the painted size, and for exactly that: size bins exist for 1024-pixel models only."""
        width, height = _painted_size(spec, folder)
        return super().arguments(spec, folder) | {"width": width, "height": height, "use_resolution_binning": False}

    def arguments_from(self, start: Start, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Enter the path of the sampler part of the way down, at the picture with as much noise as belongs there.

        PRX has no pipeline class for this in diffusers; its own takes the latents and the times, which is all that
        flow matching needs: (1 - s) * picture + s * noise at noise level s.
        """
        import torch

        times = flow_times(spec.steps, start.strength)
        start.pipeline.scheduler.set_timesteps(timesteps=times)
        level = float(start.pipeline.scheduler.sigmas[0])
        clean = as_latents(start.picture.resize(_painted_size(spec, folder)))
        noise = torch.randn(clean.shape, generator=start.generator) * start.pipeline.config.noise_scale
        latents = (1 - level) * clean + level * noise
        return self.arguments(spec, folder) | {"latents": latents, "timesteps": times}

    def painter(self, pipeline: Any) -> Painter:
        """Return the pixels as they are: in pixel space the latents are the picture, in -1 to 1."""
        from generation.forecast import as_bytes

        return lambda latents, spec: as_bytes(latents[0])

    def post_steps(self, spec: GenerationSpec, folder: Path) -> Sequence[PostStep]:
        """Return the steps from the painted size to that of the spec."""
        if not _is_enlarged(folder):
            return ()
        width, height = _painted_size(spec, folder)
        steps: list[PostStep] = [Enlarge(folder / UPSCALER)]
        if width * ENLARGEMENT < spec.width or height * ENLARGEMENT < spec.height:
            steps.append(Enlarge(folder / UPSCALER))
        reached = ENLARGEMENT ** len(steps)
        if (width * reached, height * reached) != (spec.width, spec.height):
            steps.append(Resample(spec.width, spec.height))
        return steps


class PRXLatent(Family):
    """PRX on the latents of a VAE."""

    name = "prx-latent"
    pipelines = ("PRXPipeline",)
    defaults = Defaults(steps=28, guidance=4.0, width=512, height=512)
    multiple = 16

    def arguments(self, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Ask for exactly the size of the spec."""
        return super().arguments(spec, folder) | {"use_resolution_binning": False}


def flow_times(steps: int, strength: float) -> list[float]:
    """Return the last part of a walk of `steps` even steps from time 1000 to 1: as many as `strength` says."""
    walked = max(1, round(steps * strength))
    fall = 999 / max(1, steps - 1)
    return [1000 - fall * step for step in range(steps - walked, steps)]


def as_latents(picture: "Image") -> "torch.Tensor":
    """Return (1, 3, rows, columns) in -1 to 1 of an RGB picture."""
    import numpy as np
    import torch

    levels = torch.from_numpy(np.array(picture)).permute(2, 0, 1).unsqueeze(0)
    return levels.float() / 127.5 - 1


@lru_cache(maxsize=4)
def _vocabulary(folder: Path, _changed: int) -> "Vocabulary":
    from generation.vocabulary import Vocabulary

    return Vocabulary.from_folder(folder)


def _painted_size(spec: GenerationSpec, folder: Path) -> tuple[int, int]:
    """Return width and height to paint: the trained area in the shape of the spec, in whole patches."""
    if not _is_enlarged(folder):
        return spec.width, spec.height
    trained, patch = int(json_of(folder / "model_index.json")["default_sample_size"]), _patch(folder)
    stretch = math.sqrt(spec.width / spec.height)
    # Two patches are the least that the second stage can continue by reflection.
    return (
        max(2, round(trained * stretch / patch)) * patch,
        max(2, round(trained / stretch / patch)) * patch,
    )


def _is_enlarged(folder: Path) -> bool:
    return (folder / UPSCALER).is_dir()


def _patch(folder: Path) -> int:
    return int(json_of(folder / "transformer" / "config.json")["patch_size"])
