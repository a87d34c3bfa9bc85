"""Starting values for the embeddings of the caption tokens: each part of a concept begins as a code of its pixels.

With random embeddings a network has to learn every concept by itself; with codes in which like drawings are alike it
learns one way of decoding that serves them all, in a fraction of the samples. The codes are principal components of
what the drawings have in one part of the canvas, half of the row for each style, and are trained on like any other
weight.

Invariants:
- nothing enters a code that training may not see: a pair that is held out gets a code predicted from the other style;
- every part has one vector that all concepts share, so that a row says where it belongs as well as what is there;
- rows that are not concepts are normal noise of the same size, from the seed.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generation.training.compose import CANVAS, EDGE, held_out
from generation.training.drawings import Drawing
from generation.training.tokens import PARTS, PARTS_A_SIDE, STYLE_NAMES, Alphabet, subject_name

SPREAD = 0.25
"""Standard deviation of a row's entries: well above the position embeddings that are added to it."""


def starting_rows(
    drawings: list[Drawing], pixels: NDArray[np.uint8], alphabet: Alphabet, *, width: int, seed: int
) -> Tensor:
    """Return the embedding table, float32 of shape (alphabet.size, width); `width` is even."""
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(alphabet.size, width, generator=generator) * SPREAD
    places = torch.randn(PARTS, width, generator=generator) * SPREAD
    kept_out = held_out(drawings)
    codes: dict[str, dict[str, NDArray[np.float64]]] = {}
    for style in STYLE_NAMES:
        mine = [
            i for i, d in enumerate(drawings) if d.style == style and not d.tone and (d.concept, style) not in kept_out
        ]
        names = [subject_name(drawings[i].concept, drawings[i].gender) for i in mine]
        codes[style] = dict(zip(names, _components(_parts(pixels[mine]), width // 2), strict=True))
    for name, code in _completed(codes).items():
        tokens = alphabet.tokens[name]
        table[tokens.start : tokens.stop] = places + torch.from_numpy(code).float()
    return table


def _parts(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Cut drawings (n, side, side, 4), laid on the canvas as one alone lies there, into parts: (n, PARTS, values)."""
    n, side = len(pixels), CANVAS // PARTS_A_SIDE
    canvas = np.zeros((n, CANVAS, CANVAS, 4))
    canvas[:, EDGE : CANVAS - EDGE, EDGE : CANVAS - EDGE] = pixels
    cut = canvas.reshape(n, PARTS_A_SIDE, side, PARTS_A_SIDE, side, 4).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, PARTS, -1)


def _components(parts: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return `count` principal components of parts (n, PARTS, values), softly whitened, as (n, PARTS, count)."""
    flat = parts.reshape(-1, parts.shape[-1])
    left, sizes, _ = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
    kept = min(count, len(sizes))
    result = np.zeros((len(flat), count))
    # Fine detail has small components; the square root lets it be heard without drowning the outline.
    result[:, :kept] = left[:, :kept] * np.sqrt(sizes[:kept])
    # One scale for all: an empty part keeps its small code, and its place is what can be heard of it.
    scaled: NDArray[np.float64] = result * (SPREAD / result.std())
    return scaled.reshape(*parts.shape[:2], count)


def _completed(codes: dict[str, dict[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    """Join the halves of both styles; a missing half is predicted from the other by ridge regression."""
    first, second = (codes[style] for style in STYLE_NAMES)
    both = sorted(first.keys() & second.keys())
    a, b = np.concatenate([first[n] for n in both]), np.concatenate([second[n] for n in both])
    forward, backward = _ridge(a, b), _ridge(b, a)
    rows = {}
    for name in sorted(first.keys() | second.keys()):
        left = first[name] if name in first else second[name] @ backward
        right = second[name] if name in second else first[name] @ forward
        rows[name] = np.concatenate([left, right], axis=1)
    return rows


def _ridge(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    weight = 0.1 * np.trace(a.T @ a) / a.shape[1]
    result: NDArray[np.float64] = np.linalg.solve(a.T @ a + weight * np.eye(a.shape[1]), a.T @ b)
    return result
