"""Shows how a diffusion model works with one picture: noise being added in one row, taken away in two others.

The upper row takes the finished picture and mixes in noise, as training does. The lower rows are the drawing itself:
what the model has before each step, and what it believes the finished picture to be.

Invariant: the lower rows are the moments of one real drawing from the given seed, never an animation made afterwards.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from generation.training.compose import CANVAS
from generation.training.errors import MeasureError
from generation.training.network import Painter, sample, trace
from generation.training.tokens import Alphabet
from generation.vocabulary import Vocabulary

COLUMNS = 8


@torch.no_grad()
def strip(painter: Painter, tokens: list[int], *, seed: int, steps: int, guidance: float) -> NDArray[np.uint8]:
    """Return the 3 x COLUMNS pictures of the strip, row by row, uint8 of shape (3 * COLUMNS, CANVAS, CANVAS, 3)."""
    row = torch.tensor([tokens])
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 3, CANVAS, CANVAS, generator=generator)
    moments = list(trace(painter, row, noise, steps=steps, guidance=guidance))
    finished = sample(painter, row, noise, steps=steps, guidance=guidance)
    other = torch.randn(noise.shape, generator=generator)
    forward = [(1 - t) * finished + t * other for t in torch.linspace(0, 1, COLUMNS).tolist()]
    chosen = [moments[i] for i in np.linspace(0, len(moments) - 1, COLUMNS).round().astype(int)]
    pictures = torch.cat([*forward, *(m.noisy for m in chosen), *(m.clean for m in chosen)])
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def tokens_of(prompt: str, folder: Path, alphabet: Alphabet) -> list[int]:
    """Read a prompt with the vocabulary of a model folder. Raises MeasureError when it names nothing that is known."""
    found, unknown = Vocabulary.from_folder(folder).read(prompt)
    names = [phrase.token for phrase in found if phrase.token]
    if not any(name.startswith("concept:") for name in names):
        raise MeasureError(f"the prompt names no concept that the model knows (unknown words: {', '.join(unknown)})")
    return alphabet.caption(names)
