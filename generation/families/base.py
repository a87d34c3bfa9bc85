"""What one family of models may do differently from the others.

A family is stateless: it knows facts and rules and is handed the pipeline it is asked about. What it does not
override is the behaviour of a plain latent text-to-image pipeline of diffusers.

Shapes: latents are (1, channels, rows, columns) float; previews and pictures are (rows, columns, 3) uint8.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from generation.canonical import JSON
from generation.errors import SpecError
from generation.spec import GenerationSpec

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a spec for a model says when its maker has no opinion."""

    steps: int
    guidance: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Start:
    """A picture to start from, in the size of the spec, and what a family may need to do so itself."""

    picture: "Image"
    strength: float
    pipeline: Any
    generator: "torch.Generator"


# Told after each step: its index, counted from 0, and the latents it left.
Report: TypeAlias = "Callable[[int, torch.Tensor], None]"


class Painter(Protocol):
    """Turns unfinished latents into pixels for a preview."""

    def __call__(self, latents: "torch.Tensor", spec: GenerationSpec) -> "torch.Tensor":
        """Return (rows, columns, 3) uint8, whatever size is cheap."""
        ...


class PostStep(Protocol):
    """Something done to a picture after sampling, written down in its recipe."""

    def describe(self) -> dict[str, JSON]:
        """Return the name, the parameters and the weight digests of this step."""
        ...

    def __call__(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Return new pixels, (rows, columns, 3) uint8, from pixels of that form."""
        ...


class Family:
    """A latent text-to-image pipeline with a VAE; subclasses say what differs."""

    name: ClassVar[str]
    pipelines: ClassVar[tuple[str, ...]]
    defaults: ClassVar[Defaults]
    multiple: ClassVar[int] = 8
    takes_negative_prompt: ClassVar[bool] = True
    # The stock pipeline class that starts from a picture, on the same parts.
    from_picture: ClassVar[str | None] = None

    def check(self, spec: GenerationSpec, folder: Path) -> None:
        """Raise `SpecError` when the model in `folder` cannot serve a spec."""
        multiple = self.size_multiple(folder)
        for field in ("width", "height"):
            side = getattr(spec, field)
            if side % multiple:
                raise SpecError(field, f"is {side}; this model takes multiples of {multiple}")
        if spec.negative_prompt and not self.takes_negative_prompt:
            raise SpecError("negative_prompt", "is not heeded by this model; leave it empty")
        if spec.reference_sha256 is not None and self.from_picture is None:
            raise SpecError("reference_sha256", "this model cannot start from a picture; leave the reference out")

    def size_multiple(self, folder: Path) -> int:
        """Return the number of pixels that both sides must be a multiple of."""
        return self.multiple

    def notices(self, spec: GenerationSpec, folder: Path) -> tuple[str, ...]:
        """Return plain sentences on what the model will not do as asked, though it makes a picture."""
        return ()

    def parts(self) -> dict[str, Any]:
        """Return what `from_pretrained` is told beyond the folder."""
        return {}

    def arguments(self, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Return the call's arguments beyond generator, callback and output type."""
        negative = {"negative_prompt": spec.negative_prompt} if self.takes_negative_prompt else {}
        return negative | {
            "prompt": spec.prompt,
            "width": spec.width,
            "height": spec.height,
            "num_inference_steps": spec.steps,
            "guidance_scale": spec.guidance,
        }

    def arguments_from(self, start: Start, spec: GenerationSpec, folder: Path) -> dict[str, Any]:
        """Return the call's arguments for the pipeline class `from_picture`."""
        return self.arguments(spec, folder) | {"image": start.picture, "strength": start.strength}

    def listening(self, report: Report) -> dict[str, Any]:
        """Return the arguments that make the pipeline call `report` after each step."""

        def after_step(_pipeline: Any, index: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            report(index, tensors["latents"])
            return {}

        return {"callback_on_step_end": after_step}

    def painter(self, pipeline: Any) -> Painter:
        """Return what turns latents into a cheap look at them; called once for a loaded pipeline."""
        from generation.forecast import painted, palette

        colours = palette(pipeline.vae)
        return lambda latents, spec: painted(self.unpacked(latents, spec, pipeline), colours)

    def unpacked(self, latents: "torch.Tensor", spec: GenerationSpec, pipeline: Any) -> "torch.Tensor":
        """Return latents as (1, channels, rows, columns), for pipelines that keep them in another form."""
        return latents

    def post_steps(self, spec: GenerationSpec, folder: Path) -> Sequence[PostStep]:
        """Return what is done to the picture after sampling, in order."""
        return ()
