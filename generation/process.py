"""What is kept of how a picture was made: a few moments of its own drawing, small, on one strip. Loads no torch.

Three rows of the same moments: `ADDED`, the finished picture with the noise of each moment mixed in, the least first;
`HELD`, what the model had in its hands, the most noise first; `FORESEEN`, what it believed then that the picture would
be. The finished picture itself is on no strip, nor any moment with so little noise left that it would show it: whoever
shows the strip puts the finished picture beside it, in whatever form that may be shown.

Invariant: every moment is one that the sampler really went through; only the noise of the upper row is mixed in later,
the drawing's own.

Shapes: a strip has `len(ROWS)` rows of one cell a moment; cells are (rows, columns, 3) uint8.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from generation.canonical import JSON

Cell = npt.NDArray[np.uint8]
MEDIA_TYPE = "image/webp"
LONGEST_SIDE = 64
MOST_MOMENTS = 7
# With less noise than this, as a share of the whole, a moment is the finished picture to the eye.
LEAST_NOISE = 0.1
# Room for a signature is left below 60 KB. Strips of little but noise are taken down until they fit.
MOST_BYTES = 38 * 1024
QUALITIES = (55, 35, 15)


class Row(StrEnum):
    """The rows of a strip, from the top."""

    ADDED = "added"
    HELD = "held"
    FORESEEN = "foreseen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The strip, a WebP file, and what is on it.

    Column number n of `HELD` and `FORESEEN` is the moment before step `steps[n]` (counted from 1) of `total`, with
    `noise[n]` of the whole being noise, 0 to 1; `ADDED` runs the other way. A cell is `width` x `height` pixels.
    """

    strip: bytes
    steps: tuple[int, ...]
    noise: tuple[float, ...]
    total: int
    width: int
    height: int

    def described(self) -> dict[str, JSON]:
        """Return everything but the strip, as plain JSON."""
        facts = {name: value for name, value in asdict(self).items() if name != "strip"}
        return facts | {"steps": list(self.steps), "noise": list(self.noise)}

    @classmethod
    def from_described(cls, facts: Mapping[str, Any], strip: bytes) -> Self:
        """Return the process that `described` described."""
        return cls(
            strip=strip,
            steps=tuple(facts["steps"]),
            noise=tuple(facts["noise"]),
            total=facts["total"],
            width=facts["width"],
            height=facts["height"],
        )

    def rows(self) -> dict[Row, list[Cell]]:
        """Return the cells of each row."""
        with Image.open(io.BytesIO(self.strip), formats=["WEBP"]) as file:
            pixels = np.asarray(file.convert("RGB"))
        bands = np.split(pixels, len(Row), axis=0)
        return {row: np.split(band, len(self.steps), axis=1) for row, band in zip(Row, bands, strict=True)}


def strip_of(
    rows: Mapping[Row, Sequence[Cell]], *, steps: Sequence[int], noise: Sequence[float], total: int
) -> Process:
    """Return the process whose rows have these cells, all of one size."""
    height, width, _ = rows[Row.HELD][0].shape
    pixels = np.concatenate([np.concatenate(list(rows[row]), axis=1) for row in Row])
    return Process(
        strip=_encoded(pixels),
        steps=tuple(steps),
        noise=tuple(round(share, 3) for share in noise),
        total=total,
        width=width,
        height=height,
    )


def _encoded(pixels: Cell) -> bytes:
    for quality in QUALITIES:
        file = io.BytesIO()
        # Method 0 is the encoder's quickest: noise does not reward a longer search.
        Image.fromarray(pixels).save(file, format="WEBP", quality=quality, method=0)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()


def cell(pixels: Cell) -> Cell:
    """Return a picture as a cell: at most `LONGEST_SIDE` on its long side, never enlarged."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BOX)
    return np.asarray(picture)


def moments(noise: Sequence[float]) -> list[int]:
    """Return which places of a drawing are kept, by the share of noise before each of its steps: an even choice."""
    unfinished = [place for place, share in enumerate(noise[:-1]) if share >= LEAST_NOISE]
    chosen = np.linspace(0, len(unfinished) - 1, min(MOST_MOMENTS, len(unfinished))).round().astype(int)
    return [unfinished[number] for number in dict.fromkeys(chosen.tolist())]
