"""Whether a text lies nearer to examples of a category or to harmless ones: the second opinion inside each head.

One plane cannot part every kind of harm from every harmless text that uses its words; the nearest known texts say what
a new one is like. They are the lines of `moderation/texts/`, kept as sentence vectors, and nothing else is known.

Shapes and units: vectors (n, 512) float32 unit length; leanings (n, categories), each the mean cosine similarity to the
`NEAREST` nearest examples of a category, less that to the nearest harmless texts: about -0.3 to 0.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.encoder import Vectors

NEAREST = 5
HARMLESS = -1
_ROWS = 1024  # rows compared at a time, so that training takes megabytes and not gigabytes


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Known texts: `vectors` (m, 512), and for each the number of its category, or `HARMLESS`, in `kinds` (m,)."""

    vectors: Vectors
    kinds: npt.NDArray[np.int8]

    def leanings(self, vectors: Vectors, categories: int) -> npt.NDArray[np.float32]:
        """How far each row leans towards each of the first `categories` kinds."""
        groups = [np.flatnonzero(self.kinds == kind) for kind in (HARMLESS, *range(categories))]
        parts = [np.stack([_nearest(likeness[:, group]) for group in groups]) for likeness in self._compared(vectors)]
        near = np.concatenate(parts, axis=1) if parts else np.empty((len(groups), 0), dtype=np.float32)
        return np.asarray((near[1:] - near[0]).T, dtype=np.float32)

    def without(self, rows: npt.NDArray[np.bool_]) -> Neighbours:
        """The others alone."""
        return Neighbours(self.vectors[~rows], self.kinds[~rows])

    def _compared(self, vectors: Vectors) -> Iterator[Vectors]:
        for start in range(0, len(vectors), _ROWS):
            yield vectors[start : start + _ROWS] @ self.vectors.T


def _nearest(likeness: Vectors) -> Vectors:
    """The mean of the highest few in each row; of all where there are no more."""
    few = min(NEAREST, likeness.shape[1])
    return np.asarray(np.partition(likeness, -few, axis=1)[:, -few:].mean(axis=1), dtype=np.float32)
