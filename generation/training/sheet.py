"""Draws contact sheets: many small pictures of fixed wishes on one page, to look at while a model trains.

The noise is fixed by a seed, so that two sheets of one run differ in the weights alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from generation.training.compose import CANVAS
from generation.training.network import Painter, sample
from generation.training.tokens import PAD, Alphabet
from generation.training.wishes import Wish

COLUMNS = 8
STEPS = 12
GUIDANCE = 2.0
"""What the starter model draws with unless asked otherwise: a pilot of 96 other wishes preferred 2.0 to 3.5."""


@torch.no_grad()
def paint(
    painter: Painter,
    wishes: list[Wish],
    alphabet: Alphabet,
    *,
    seed: int,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> NDArray[np.uint8]:
    """Draw one picture per wish, uint8 of shape (wishes, CANVAS, CANVAS, 3)."""
    captions = [wish.caption(alphabet) for wish in wishes]
    longest = max(len(caption) for caption in captions)
    tokens = torch.tensor([caption + [PAD] * (longest - len(caption)) for caption in captions])
    noise = torch.randn(len(wishes), 3, CANVAS, CANVAS, generator=torch.Generator().manual_seed(seed))
    parts = [
        sample(painter, tokens[i : i + 16], noise[i : i + 16], steps=steps, guidance=guidance)
        for i in range(0, len(wishes), 16)
    ]
    pictures = (torch.cat(parts).clamp(-1, 1) + 1) * 127.5
    return pictures.round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def write(pictures: NDArray[np.uint8], path: Path, *, columns: int = COLUMNS, scale: int = 2) -> None:
    """Write pictures of shape (n, side, side, 3) as one PNG, row by row, each enlarged `scale` times."""
    rows = -(-len(pictures) // columns)
    side = pictures.shape[1]
    page = np.full((rows * columns, side, side, 3), 255, dtype=np.uint8)
    page[: len(pictures)] = pictures
    joined = page.reshape(rows, columns, side, side, 3).transpose(0, 2, 1, 3, 4)
    image = Image.fromarray(joined.reshape(rows * side, columns * side, 3))
    image.resize((columns * side * scale, rows * side * scale), Image.Resampling.NEAREST).save(path)
