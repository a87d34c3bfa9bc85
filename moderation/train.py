"""Train the heads: for each category logistic regression on sentence vectors beside neighbours, calibrated.

Newton's method on the penalised likelihood, so there is no learning rate, no randomness and no
early stopping to choose. Margins for calibration on harmless text come from cross-validation over *lines*: fillings of
one line never stand on both sides, nor are they each other's neighbours. Texts are judged as the screen judges them:
the stronger of the whole text and its content without style.

Shapes and units: vectors (n, 512) float32 unit length; margins in logits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.categories import Category
from moderation.content import content
from moderation.corpus import Example
from moderation.encoder import WIDTH, Encoder, Vectors
from moderation.errors import TrainingError
from moderation.heads import CATEGORIES, Heads
from moderation.neighbours import HARMLESS, Neighbours

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]

_BATCH = 512
# A false alarm costs as much in a category seldom asked for, and a hit comes less often: so it may raise fewer.
SHARES: dict[str, float] = {Category.SEXUAL_EXPLICIT: 0.5, Category.VIOLENCE_GRAPHIC: 0.5}
_RARE = 0.03


@dataclass(frozen=True, slots=True)
class Recipe:
    """How heads are fitted and calibrated.

    `penalty`: weight of the squared norm; `twin_weight`: weight of hard harmless twins against 1 for
    other harmless text; `held`, `refused`: shares of out-of-fold ordinary texts that may score above 0.5
    and above 0.9, where our own harmless lines are chosen to be harder than what people ask for;
    `twins_held`, `twins_refused`: the same for twins, which are made to be mistaken; `lean`: what the neighbours count
    beside the plane (of 0, 5, 10, 20 and 40 this found most texts of left-out folds); `known`, `known_harmless`: how
    many texts of a line are kept as neighbours; the rest: see `corpus.examples`.
    """

    penalty: float = 0.02
    twin_weight: float = 2.0
    held: float = 0.012
    refused: float = 0.001
    twins_held: float = 0.01
    twins_refused: float = 0.003
    lean: float = 20.0
    known: int = 1
    known_harmless: int = 3
    folds: int = 4
    per_line: int = 4
    per_harmless_line: int = 20
    styled: float = 0.5
    seed: int = 20

    def share(self, category: str) -> float:
        """The part of `held` and `refused` that a category may use."""
        return SHARES.get(category, _RARE)


RECIPE = Recipe()


@dataclass(frozen=True, slots=True)
class HeadReport:
    """What cross-validation says about one head: share of its own texts found at 0.5 and at 0.9."""

    category: str
    positives: int
    found: float
    found_plainly: float


def train(
    texts: Sequence[Example], *, encoder: Encoder, recipe: Recipe, say: Say
) -> tuple[Heads, tuple[HeadReport, ...]]:
    """Fit one head for each category; raises `TrainingError` when a category has too few texts."""
    vectors = _encoded([example.text for example in texts], encoder, say)
    shown = _Shown.of(texts, encoder, say)
    folds = _folds(texts, recipe.folds)
    categories = tuple(sorted(CATEGORIES))
    known = _known(texts, recipe)
    neighbours = Neighbours(vectors[known], _kinds(texts, known, categories))
    say(f"comparing with {len(known)} known texts")
    leanings = _leanings(vectors, folds, neighbours, folds[known], len(categories))
    shown_leanings = _leanings(shown.vectors, folds[shown.rows], neighbours, folds[known], len(categories))
    weights, bias, knots, reports = [], [], [], []
    for number, category in enumerate(categories):
        say(f"fitting {category}")
        rows, labels, sample_weights = _problem(texts, category, recipe)
        w, b = fit(vectors[rows], labels, sample_weights, recipe.penalty)
        apart = recipe.lean * leanings[:, number], recipe.lean * shown_leanings[:, number]
        margins = _out_of_fold(vectors, shown, apart, rows, labels, sample_weights, folds, recipe)
        twins = np.array([texts[row].kind == "twins" for row in rows])
        low, high = _knots(margins[(labels == 0.0) & ~twins], margins[twins], category, recipe)
        weights.append(w)
        bias.append(b)
        knots.append((low, high))
        own = margins[labels == 1.0]
        reports.append(HeadReport(category, len(own), float((own >= low).mean()), float((own >= high).mean())))
    heads = Heads(
        categories=categories,
        weights=np.array(weights, dtype=np.float32),
        bias=np.array(bias, dtype=np.float32),
        knots=np.array(knots, dtype=np.float32),
        lean=recipe.lean,
        neighbours=neighbours,
        encoder=encoder.revision,
        revision="",
    )
    return heads, tuple(reports)


def fit(vectors: Vectors, labels: Floats, sample_weights: Floats, penalty: float) -> tuple[Floats, float]:
    """Penalised logistic regression by Newton's method: weights (512,) and bias."""
    design = np.hstack([vectors.astype(np.float64), np.ones((len(vectors), 1))])
    ridge = np.full(design.shape[1], penalty * sample_weights.sum() / 100.0)
    ridge[-1] = 1e-6
    solution = np.zeros(design.shape[1])
    for _ in range(25):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ solution, -30.0, 30.0)))
        gradient = design.T @ (sample_weights * (chance - labels)) + ridge * solution
        curvature = (design * (sample_weights * chance * (1.0 - chance))[:, None]).T @ design
        step = np.linalg.solve(curvature + np.diag(ridge), gradient)
        solution -= step
        if np.abs(step).max() < 1e-6:
            break
    return solution[:-1], float(solution[-1])


@dataclass(frozen=True, slots=True)
class _Shown:
    """The content readings of the texts that have one: `rows` (m,) says which, `vectors` (m, 512) how they read."""

    rows: npt.NDArray[np.int64]
    vectors: Vectors

    @classmethod
    def of(cls, texts: Sequence[Example], encoder: Encoder, say: Say) -> _Shown:
        """Encode what each text shows apart from its style."""
        parts = {row: shown for row, example in enumerate(texts) if (shown := content(example.text))}
        return cls(np.array(list(parts), dtype=np.int64), _encoded(list(parts.values()), encoder, say))

    def raise_margins(self, margins: Floats, shown: Floats) -> None:
        """Lift each margin (n,) to that of the text's content, `shown` (m,), where that is stronger."""
        np.maximum.at(margins, self.rows, shown)


def _known(texts: Sequence[Example], recipe: Recipe) -> npt.NDArray[np.int64]:
    """The rows that are kept as neighbours: the first few of each line."""
    met: Counter[str] = Counter()
    rows = []
    for row, example in enumerate(texts):
        if met[example.line] < (recipe.known_harmless if example.is_harmless else recipe.known):
            met[example.line] += 1
            rows.append(row)
    return np.array(rows, dtype=np.int64)


def _kinds(texts: Sequence[Example], rows: npt.NDArray[np.int64], categories: Sequence[str]) -> npt.NDArray[np.int8]:
    numbers = {category: number for number, category in enumerate(categories)}
    return np.array([numbers.get(texts[row].kind, HARMLESS) for row in rows], dtype=np.int8)


def _leanings(
    vectors: Vectors,
    folds: npt.NDArray[np.int64],
    neighbours: Neighbours,
    known: npt.NDArray[np.int64],
    categories: int,
) -> Vectors:
    """How far each text leans towards each category, by neighbours (of the folds `known`) that are not of its fold."""
    leanings = np.empty((len(vectors), categories), dtype=np.float32)
    for fold in np.unique(folds):
        mine = folds == fold
        leanings[mine] = neighbours.without(known == fold).leanings(vectors[mine], categories)
    return leanings


def _encoded(texts: Sequence[str], encoder: Encoder, say: Say) -> Vectors:
    parts = [np.empty((0, WIDTH), dtype=np.float32)]
    for start in range(0, len(texts), _BATCH):
        parts.append(encoder.encode(texts[start : start + _BATCH]))
        say(f"encoded {min(start + _BATCH, len(texts))} of {len(texts)} texts")
    return np.concatenate(parts)


def _folds(texts: Sequence[Example], folds: int) -> npt.NDArray[np.int64]:
    """The fold of each text, the same for all fillings of one line, in turn over the lines."""
    lines = {line: number for number, line in enumerate(dict.fromkeys(example.line for example in texts))}
    return np.array([lines[example.line] % folds for example in texts])


def _problem(texts: Sequence[Example], category: str, recipe: Recipe) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """The rows that matter for one head, their labels and weights; both classes weigh the same."""
    rows = np.array([i for i, e in enumerate(texts) if e.is_harmless or e.kind == category])
    labels = np.array([0.0 if texts[i].is_harmless else 1.0 for i in rows])
    if labels.sum() < 20:
        raise TrainingError(f"texts: {category} has {int(labels.sum())} texts; write at least 20")
    weights = np.array([recipe.twin_weight if texts[i].kind == "twins" else 1.0 for i in rows])
    weights[labels == 1.0] *= weights[labels == 0.0].sum() / labels.sum()
    return rows, labels, weights


def _out_of_fold(
    vectors: Vectors,
    shown: _Shown,
    apart: tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.floating[Any]]],
    rows: npt.NDArray[np.int64],
    labels: Floats,
    sample_weights: Floats,
    folds: npt.NDArray[np.int64],
    recipe: Recipe,
) -> Floats:
    """The margin of each of `rows` by heads that never saw its line.

    `apart` is what the neighbours add to whole texts and to their contents.
    """
    margins = np.empty(len(rows))
    for fold in range(recipe.folds):
        left_out = folds[rows] == fold
        kept = rows[~left_out]
        w, b = fit(vectors[kept], labels[~left_out], sample_weights[~left_out], recipe.penalty)
        judged = np.asarray(vectors @ w + b + apart[0], dtype=np.float64)
        shown.raise_margins(judged, shown.vectors @ w + b + apart[1])
        margins[left_out] = judged[rows[left_out]]
    return margins


def _knots(ordinary: Floats, twins: Floats, category: str, recipe: Recipe) -> tuple[float, float]:
    """The margins that score 0.5 and 0.9: exceeded by the recipe's shares of ordinary texts and of twins."""
    share = recipe.share(category)
    low = max(np.quantile(ordinary, 1.0 - recipe.held * share), np.quantile(twins, 1.0 - recipe.twins_held))
    high = max(np.quantile(ordinary, 1.0 - recipe.refused * share), np.quantile(twins, 1.0 - recipe.twins_refused))
    return float(low), float(max(high, low + 0.5))
