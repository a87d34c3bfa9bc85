"""What an engine promises: a spec in, steps and then pictures out, one stream.

No engine lives here. Steps carry all that progress bars, live previews and cancelling need: a caller that closes the
iterator stops the sampling.

Invariants of every engine:

- for each picture, its steps come in order with `index` 1 to `total`, then its asset; pictures come in order;
- the pixels of a picture follow from spec, model and picture number alone.
"""

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from generation.canonical import JSON
from generation.errors import SpecError
from generation.process import Process
from generation.spec import GenerationSpec

RGB8 = "image/x-rgb8"
PREVIEW_SIDE = 128


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture to start from: RGB8 `pixels`, row by row, `width * height * 3` bytes.

    Raises `SpecError` when the number of bytes is another.
    """

    pixels: bytes
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or len(self.pixels) != self.width * self.height * 3:
            raise SpecError(
                "reference",
                f"has {len(self.pixels)} bytes for {self.width} x {self.height} pixels; hand over RGB8, row by row",
            )

    @property
    def pixel_sha256(self) -> str:
        """SHA-256 of the pixels, which a spec names as its `reference_sha256`."""
        return hashlib.sha256(self.pixels).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """One denoising step is done: `index` of `total` steps of picture number `picture`, counted from 0.

    `preview` is a small PNG of the unfinished picture, at most `PREVIEW_SIDE` pixels on its long side, or None.
    """

    picture: int
    index: int
    total: int
    preview: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedAsset:
    """One finished picture before any label, mark or signature.

    `pixels` are RGB8, row by row, `width * height * 3` bytes; `pixel_sha256` is their SHA-256; `seed` is this
    picture's own; `recipe` is the plain JSON of `generation.recipe`. `process` shows how it was made; None for a
    picture that began at another one, and where the model's scheduler tells too little.
    """

    picture: int
    media_type: str
    pixels: bytes
    width: int
    height: int
    seed: int
    pixel_sha256: str
    recipe: Mapping[str, JSON]
    process: Process | None = None


Stream: TypeAlias = Generator[Step | GeneratedAsset, None, None]


class Engine(Protocol):
    """Anything that makes pictures from specs."""

    def generate(self, spec: GenerationSpec, *, reference: Reference | None = None) -> Stream:
        """Yield the steps and then the asset of each picture; closing the iterator stops the work.

        `reference` is the picture that the spec names, when it names one. Raises `SpecError` when the model cannot
        serve the spec, `OutputError` when it gives no picture.
        """
        ...


def check_reference(spec: GenerationSpec, reference: Reference | None) -> None:
    """Raise `SpecError` unless the reference at hand is the one that the spec names, or neither is there."""
    found = None if reference is None else reference.pixel_sha256
    if found != spec.reference_sha256:
        raise SpecError(
            "reference_sha256",
            f"names {spec.reference_sha256 or 'no picture'}, at hand is {found or 'none'}; hand over the picture named",
        )
