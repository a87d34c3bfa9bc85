"""What a fine-tune is not to forget: pictures that the parent paints of what it knows, learned again beside the new.

Forty pictures of one thing would otherwise teach the model that everything looks a little like it. Known as prior
preservation (Ruiz et al. 2023, DreamBooth). The pictures are the parent's own, so no licence but its own is needed.

Invariant: the same parent and seed give the same pictures.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from generation.training.compose import CANVAS
from generation.training.finetune import Samples
from generation.training.network import Painter, sample
from generation.training.sheet import GUIDANCE, STEPS
from generation.training.tokens import COLOURS, PAD, STYLE_NAMES, Alphabet

AT_ONCE = 16


@torch.no_grad()
def rehearse(painter: Painter, alphabet: Alphabet, count: int, *, seed: int) -> Samples:
    """Paint `count` pictures, each of another concept while there are any, in random styles and colours."""
    tokens = _captions(alphabet, count, seed)
    noise = torch.randn(count, 3, CANVAS, CANVAS, generator=torch.Generator().manual_seed(seed))
    parts = [
        sample(painter, tokens[i : i + AT_ONCE], noise[i : i + AT_ONCE], steps=STEPS, guidance=GUIDANCE).clamp(-1, 1)
        for i in range(0, count, AT_ONCE)
    ]
    return Samples(torch.cat(parts), tokens)


def _captions(alphabet: Alphabet, count: int, seed: int) -> Tensor:
    rng = np.random.default_rng(seed)
    concepts = [name for name in alphabet.names if name.startswith("concept:")]
    order = [concepts[int(i)] for i in rng.permutation(len(concepts))]
    rows = []
    for i in range(count):
        style = STYLE_NAMES[int(rng.integers(len(STYLE_NAMES)))]
        colour = list(COLOURS)[int(rng.integers(len(COLOURS)))]
        rows.append(alphabet.caption([order[i % len(order)], f"style:{style}", f"colour:{colour}"]))
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
