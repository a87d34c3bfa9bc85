"""Starting values for the embeddings of the caption tokens: a concept begins as a short code of its own drawings.

With random embeddings a network has to learn every concept by itself; with codes in which like drawings are alike it
learns one way of decoding that serves them all, in a fraction of the samples. The codes are principal components of the
drawings, half of the row for each style, and are trained on like any other weight.

Invariants:
- nothing enters a code that training may not see: a pair that is held out gets a code predicted from the other style;
- rows that are not concepts are normal noise of the same size, from the seed.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generation.training.compose import held_out
from generation.training.drawings import Drawing
from generation.training.tokens import STYLE_NAMES, Alphabet, subject_name

SPREAD = 0.25
"""Standard deviation of a row's entries: well above the position embeddings that are added to it."""

_COARSE = 27


def starting_rows(
    drawings: list[Drawing], pixels: NDArray[np.uint8], alphabet: Alphabet, *, width: int, seed: int
) -> Tensor:
    """Return the embedding table, float32 of shape (tokens, width); `width` is even."""
    table = torch.randn(len(alphabet.names), width, generator=torch.Generator().manual_seed(seed)) * SPREAD
    kept_out = held_out(drawings)
    codes: dict[str, dict[str, NDArray[np.float64]]] = {}
    for style in STYLE_NAMES:
        mine = [
            i for i, d in enumerate(drawings) if d.style == style and not d.tone and (d.concept, style) not in kept_out
        ]
        names = [subject_name(drawings[i].concept, drawings[i].gender) for i in mine]
        codes[style] = dict(zip(names, _components(pixels[mine], width // 2), strict=True))
    for name, row in _completed(codes).items():
        table[alphabet.ids[name]] = torch.from_numpy(row / row.std() * SPREAD).float()
    return table


def _components(pixels: NDArray[np.uint8], count: int) -> NDArray[np.float64]:
    """Return `count` principal components of drawings (n, side, side, 4), softly whitened, as (n, count)."""
    n, side = pixels.shape[:2]
    factor = side // _COARSE
    coarse = pixels.reshape(n, _COARSE, factor, _COARSE, factor, 4).mean(axis=(2, 4)).reshape(n, -1)
    left, sizes, _ = np.linalg.svd(coarse - coarse.mean(axis=0), full_matrices=False)
    kept = min(count, len(sizes))
    result = np.zeros((n, count))
    # Fine detail has small components; the square root lets it be heard without drowning the outline.
    result[:, :kept] = left[:, :kept] * np.sqrt(sizes[:kept])
    return result


def _completed(codes: dict[str, dict[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    """Join the halves of both styles; a missing half is predicted from the other by ridge regression."""
    first, second = (codes[style] for style in STYLE_NAMES)
    both = sorted(first.keys() & second.keys())
    a, b = np.stack([first[n] for n in both]), np.stack([second[n] for n in both])
    forward, backward = _ridge(a, b), _ridge(b, a)
    rows = {}
    for name in sorted(first.keys() | second.keys()):
        left = first[name] if name in first else second[name] @ backward
        right = second[name] if name in second else first[name] @ forward
        rows[name] = np.concatenate([left, right])
    return rows


def _ridge(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = 0.1 * np.trace(a.T @ a) / a.shape[1]
    result: NDArray[np.float64] = np.linalg.solve(a.T @ a + weight * np.eye(a.shape[1]), a.T @ b)
    return result
