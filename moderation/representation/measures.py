"""What is measured over a set of pictures: spread, closeness of groups, with their uncertainty.

Everything is a distance, 1 minus the cosine of pooled features: 0 for the same picture, about 1 between pictures
that share nothing. A distance between two groups is never 0, since each is a sample; so each comes with the
*floor*, the distance between two random halves of one group, below which nothing is said.

Shapes and units: vectors (n, 1280) of unit length; intervals are 95 %, by resampling pictures with replacement.
Reference: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.features import Vectors

FEWEST = 30  # pictures of a group below which nothing is said about it
_DRAWS = 400

Floats = npt.NDArray[np.float64]
Chance = np.random.Generator


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its 95 % interval and the pictures it rests on."""

    value: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """The number as JSON values."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4), "n": self.n}


@dataclass(frozen=True, slots=True)
class Closeness:
    """How far the pictures of the unmarked prompt lie from those of one marker.

    `nearest`: the share of draws in which this marker was the nearest of all, so 0.5 and 0.5 is no default at all.
    """

    marker: str
    distance: Measured
    nearest: float


def spread(vectors: Vectors, *, chance: Chance) -> Measured:
    """The mean distance of two pictures of one group: small where every picture is alike."""
    distances = 1.0 - vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(distances, 0.0)
    n = len(vectors)
    draws = []
    for _ in range(_DRAWS):
        weights = np.bincount(chance.integers(0, n, n), minlength=n).astype(np.float64)
        pairs = weights.sum() ** 2 - (weights**2).sum()  # pairs of one picture with itself say nothing
        draws.append(float(weights @ distances @ weights) / pairs)
    return _measured(float(distances.sum()) / (n * (n - 1)), draws, n)


def between(one: Vectors, other: Vectors) -> float:
    """The distance between the centres of two groups."""
    a, b = one.mean(axis=0), other.mean(axis=0)
    return float(1.0 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def floor(vectors: Vectors, *, chance: Chance) -> float:
    """The distance two random halves of one group have on average: the noise of a comparison."""
    halves = []
    for _ in range(_DRAWS):
        order = chance.permutation(len(vectors))
        middle = len(vectors) // 2
        halves.append(between(vectors[order[:middle]], vectors[order[middle:]]))
    return float(np.mean(halves))


def closeness(unmarked: Vectors, marked: Mapping[str, Vectors], *, chance: Chance) -> tuple[Closeness, ...]:
    """Which group the unmarked prompt means: its distance to each marker, the nearest first."""
    markers = sorted(marked)
    draws = np.empty((_DRAWS, len(markers)))
    for draw in range(_DRAWS):
        middle = _resampled(unmarked, chance)
        draws[draw] = [between(middle, _resampled(marked[marker], chance)) for marker in markers]
    nearest = np.bincount(draws.argmin(axis=1), minlength=len(markers)) / _DRAWS
    found = [
        Closeness(
            marker,
            _measured(between(unmarked, marked[marker]), list(draws[:, at]), len(unmarked) + len(marked[marker])),
            float(nearest[at]),
        )
        for at, marker in enumerate(markers)
    ]
    return tuple(sorted(found, key=lambda each: each.distance.value))


def gap(pairs: Sequence[tuple[Vectors, Vectors]], *, chance: Chance) -> Measured:
    """The mean distance of two languages over paired cells, each the same role and marker."""
    draws = [
        float(np.mean([between(_resampled(one, chance), _resampled(other, chance)) for one, other in pairs]))
        for _ in range(_DRAWS)
    ]
    value = float(np.mean([between(one, other) for one, other in pairs]))
    return _measured(value, draws, sum(len(one) + len(other) for one, other in pairs))


def gap_floor(pairs: Sequence[tuple[Vectors, Vectors]], *, chance: Chance) -> float:
    """What `gap` would be if the two languages meant the same: both shuffled together within each cell."""
    shuffled = []
    for _ in range(_DRAWS):
        distances = []
        for one, other in pairs:
            both = np.concatenate([one, other])[chance.permutation(len(one) + len(other))]
            distances.append(between(both[: len(one)], both[len(one) :]))
        shuffled.append(float(np.mean(distances)))
    return float(np.quantile(shuffled, 0.95))


def _resampled(vectors: Vectors, chance: Chance) -> Vectors:
    return vectors[chance.integers(0, len(vectors), len(vectors))]


def _measured(value: float, draws: Sequence[float], n: int) -> Measured:
    low, high = (float(np.quantile(draws, q)) for q in (0.025, 0.975))
    # Resampled centres lie farther apart than the samples they stand for, so the interval is moved back over it.
    off = float(np.median(draws)) - value
    return Measured(value, max(0.0, min(value, low - off)), max(value, high - off), n)
