"""What an engine promises: a spec in, steps and then pictures out, one stream.

No engine lives here. Steps carry all that progress bars, live previews and cancelling need: a caller that closes the
iterator stops the sampling.

Invariants of every engine:

- for each picture, its steps come in order with `index` 1 to `total`, then its asset; pictures come in order;
- the pixels of a picture follow from spec, model and picture number alone.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from generation.canonical import JSON
from generation.spec import GenerationSpec

RGB8 = "image/x-rgb8"
PREVIEW_SIDE = 128


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
    picture's own; `recipe` is the plain JSON of `generation.recipe`.
    """

    picture: int
    media_type: str
    pixels: bytes
    width: int
    height: int
    seed: int
    pixel_sha256: str
    recipe: Mapping[str, JSON]


Stream: TypeAlias = Generator[Step | GeneratedAsset, None, None]


class Engine(Protocol):
    """Anything that makes pictures from specs."""

    def generate(self, spec: GenerationSpec) -> Stream:
        """Yield the steps and then the asset of each picture; closing the iterator stops the work.

        Raises `SpecError` when the model cannot serve the spec, `OutputError` when it gives no picture.
        """
        ...
