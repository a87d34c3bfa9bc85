"""The engine on diffusers: a model held in memory, its pushed callbacks turned into one iterator.

Importing this module loads torch; the child process and the command line do so, nobody else. Any folder that
`DiffusionPipeline.from_pretrained` loads is served, as far as a family in `generation.families` knows its ways.

Invariants:

- One picture is sampled at a time with a generator of its own, drawn on the CPU, so neither the batch nor the place
  in it changes a pixel. Batching on a CPU gains little, and nothing that is worth this.
- The network and code in the folder are never used; files are held against the entry before they are loaded.
- A closed iterator stops the sampling at the next step.

Shapes: pictures are (rows, columns, 3) uint8.
"""

import hashlib
import threading
from functools import cached_property, partial
from typing import Any, Self

import diffusers
import numpy as np
import torch
from PIL import Image, ImageOps

from generation.catalogue import ModelEntry, verify_weights
from generation.circumstances import circumstances_of
from generation.engine import RGB8, GeneratedAsset, Reference, Step, Stream, check_reference
from generation.errors import OutputError, SpecError
from generation.families import Painter, Start, family_of
from generation.handover import Emit, handed_over
from generation.loading import pipeline_of
from generation.noise import overheard
from generation.preview import look_of
from generation.process import Cell, Process
from generation.recipe import Circumstances, Outcome, recipe_of
from generation.remembering import remember_encodings
from generation.spec import GenerationSpec
from generation.witness import Witness

SEED_SPACE = 2**32


class DiffusersEngine:
    """A loaded model that makes pictures, for one caller at a time. `witness` is who watches them being made."""

    witness: type[Witness] = Witness

    def __init__(self, entry: ModelEntry, pipeline: Any, *, threads: int) -> None:
        self.entry = entry
        self._pipeline = pipeline
        self._family = family_of(entry.pipeline)
        self._threads = threads
        self._busy = threading.Lock()

    @classmethod
    def load(cls, entry: ModelEntry, *, threads: int) -> Self:
        """Hold the files against the entry and load the pipeline, float32 on the CPU, for `threads` threads.

        Raises `ModelFolderError` when the folder differs from the entry or diffusers cannot load it.
        """
        verify_weights(entry)
        return cls.load_verified(entry, threads=threads)

    @classmethod
    def load_verified(cls, entry: ModelEntry, *, threads: int) -> Self:
        """Do as `load` does, for a caller that has just called `verify_weights` itself."""
        torch.set_num_threads(threads)
        pipeline = pipeline_of(entry)
        remember_encodings(pipeline)
        return cls(entry, pipeline, threads=threads)

    def generate(self, spec: GenerationSpec, *, reference: Reference | None = None) -> Stream:
        """Yield steps and assets as `generation.engine.Engine` says.

        Raises `SpecError` when the spec names another model or reference or asks what this model cannot do,
        `OutputError` when the model gives no finite picture.
        """
        if spec.model != self.entry.id:
            raise SpecError("model", f"is {spec.model!r}; the model loaded here is {self.entry.id!r}")
        self.entry.check(spec)
        check_reference(spec, reference)
        return handed_over(partial(self._make_all, spec, reference))

    def _make_all(self, spec: GenerationSpec, reference: Reference | None, emit: Emit[Step | GeneratedAsset]) -> None:
        with self._busy, torch.inference_mode():
            # The number of threads belongs to the calling thread, and this runs in one of its own.
            torch.set_num_threads(self._threads)
            start = None if reference is None else _fitted(reference, spec)
            for picture in range(spec.count):
                emit(self._make(spec, picture, start, emit))

    def _make(
        self, spec: GenerationSpec, picture: int, start: Image.Image | None, emit: Emit[Step | GeneratedAsset]
    ) -> GeneratedAsset:
        seed = generator_seed(spec.picture_seed(picture))
        generator = torch.Generator("cpu").manual_seed(seed)
        pipeline, arguments = self._call(spec, start, generator)
        witness = self.witness(pipeline, partial(self._look, spec), picture=picture, steps=spec.steps)
        listening = self._family.listening(lambda index, latents: emit(witness.step(index, latents)))
        with overheard(pipeline.scheduler, witness.hear):
            images = pipeline(**arguments, **listening, generator=generator, output_type="np").images
        array, post_steps = _as_rgb8(images[0]), self._family.post_steps(spec, self.entry.folder)
        for step in post_steps:
            array = step(array)
        circumstances = circumstances_of(
            pipeline, spec.prompt, generator_seed=seed, post_steps=post_steps, threads=self._threads
        )
        # A drawing that began at somebody's picture would show it, noisy as it is, long after it has been erased.
        process = witness.process() if start is None else None
        return self._asset(spec, picture, array, circumstances, process)

    def _look(self, spec: GenerationSpec, latents: torch.Tensor) -> Cell:
        look: Cell = self._painter(latents, spec).numpy()
        return look

    def _call(
        self, spec: GenerationSpec, start: Image.Image | None, generator: torch.Generator
    ) -> tuple[Any, dict[str, Any]]:
        """Return the pipeline to call for one picture and its arguments."""
        if start is None or spec.strength is None:
            return self._pipeline, self._family.arguments(spec, self.entry.folder)
        pipeline = self._from_picture
        begin = Start(start, spec.strength, pipeline, generator)
        return pipeline, self._family.arguments_from(begin, spec, self.entry.folder)

    @cached_property
    def _from_picture(self) -> Any:
        stock: Any = getattr(diffusers, str(self._family.from_picture))
        if isinstance(self._pipeline, stock):
            return self._pipeline
        pipeline = stock.from_pipe(self._pipeline, **self._family.parts())
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    @cached_property
    def _painter(self) -> Painter:
        return self._family.painter(self._pipeline)

    def _asset(
        self,
        spec: GenerationSpec,
        picture: int,
        array: torch.Tensor,
        circumstances: Circumstances,
        process: Process | None,
    ) -> GeneratedAsset:
        height, width, _ = array.shape
        pixels = array.contiguous().numpy().tobytes()
        outcome = Outcome(
            width=width,
            height=height,
            pixel_sha256=hashlib.sha256(pixels).hexdigest(),
            look=look_of(pixels, width, height),
        )
        return GeneratedAsset(
            picture=picture,
            media_type=RGB8,
            pixels=pixels,
            width=width,
            height=height,
            seed=spec.picture_seed(picture),
            pixel_sha256=outcome.pixel_sha256,
            recipe=recipe_of(spec, self.entry, picture=picture, circumstances=circumstances, outcome=outcome),
            process=process,
        )


def generator_seed(seed: int) -> int:
    """Return the 32 bits that torch's CPU generator is seeded with.

    The generator is a Mersenne Twister that reads the low 32 bits of a seed only, so longer seeds are folded first
    (the first four bytes, big-endian, of the SHA-256 of the seed in decimal); shorter ones mean what they mean to
    everybody who uses diffusers.
    """
    if seed < SEED_SPACE:
        return seed
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


def _fitted(reference: Reference, spec: GenerationSpec) -> Image.Image:
    """Return the reference in the size of the spec, cropped about its middle; the recipe says so."""
    picture = Image.frombytes("RGB", (reference.width, reference.height), reference.pixels)
    return ImageOps.fit(picture, (spec.width, spec.height), Image.Resampling.LANCZOS)


def _as_rgb8(image: np.ndarray[Any, np.dtype[np.float32]]) -> torch.Tensor:
    if not np.isfinite(image).all():
        raise OutputError(
            "The model gave numbers that are no colours (not finite). Lower the guidance or use another seed; "
            "if every seed does it, the weights are damaged."
        )
    return torch.from_numpy((image * 255).round().astype(np.uint8))
