"""Train the heads: logistic regression for each category on sentence vectors, calibrated on harmless text.

Newton's method on the penalised likelihood, so there is no learning rate, no randomness and no
early stopping to choose. Margins for calibration come from cross-validation over *lines*: fillings of
one line never stand on both sides.

Shapes and units: vectors (n, 512) float32 unit length; margins in logits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from moderation.categories import Category
from moderation.corpus import Example
from moderation.encoder import Encoder, Vectors
from moderation.errors import TrainingError
from moderation.heads import CATEGORIES, Heads

Floats = npt.NDArray[np.float64]
Say = Callable[[str], None]

_BATCH = 512


@dataclass(frozen=True, slots=True)
class Recipe:
    """How heads are fitted and calibrated.

    `penalty`: weight of the squared norm; `twin_weight`: weight of hard harmless twins against 1 for
    other harmless text; `held`, `refused`: shares of out-of-fold ordinary texts that may score above 0.5
    and above 0.9; `twins_held`, `twins_refused`: the same for twins, which are made to be mistaken;
    `rare`: what remains of `held` and `refused` for the categories of `RARE`; the rest: see `corpus.examples`.
    """

    penalty: float = 0.02
    twin_weight: float = 2.0
    held: float = 0.006
    refused: float = 0.0008
    rare: float = 0.12
    twins_held: float = 0.05
    twins_refused: float = 0.01
    folds: int = 4
    per_line: int = 6
    per_harmless_line: int = 40
    styled: float = 0.25
    seed: int = 20


RECIPE = Recipe()

# Categories seldom asked for: a false alarm costs as much there, and a hit comes less often.
RARE = CATEGORIES - {Category.SEXUAL_EXPLICIT, Category.VIOLENCE_GRAPHIC}


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
    vectors = _encoded(texts, encoder, say)
    folds = _folds(texts, recipe.folds)
    categories = tuple(sorted(CATEGORIES))
    weights, bias, knots, reports = [], [], [], []
    for category in categories:
        say(f"fitting {category}")
        rows, labels, sample_weights = _problem(texts, category, recipe)
        w, b = fit(vectors[rows], labels, sample_weights, recipe.penalty)
        margins = _out_of_fold(vectors[rows], labels, sample_weights, folds[rows], recipe)
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


def _encoded(texts: Sequence[Example], encoder: Encoder, say: Say) -> Vectors:
    parts = []
    for start in range(0, len(texts), _BATCH):
        parts.append(encoder.encode([example.text for example in texts[start : start + _BATCH]]))
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
    vectors: Vectors, labels: Floats, sample_weights: Floats, folds: npt.NDArray[np.int64], recipe: Recipe
) -> Floats:
    margins = np.empty(len(labels))
    for fold in range(recipe.folds):
        left_out = folds == fold
        w, b = fit(vectors[~left_out], labels[~left_out], sample_weights[~left_out], recipe.penalty)
        margins[left_out] = vectors[left_out] @ w + b
    return margins


def _knots(ordinary: Floats, twins: Floats, category: str, recipe: Recipe) -> tuple[float, float]:
    """The margins that score 0.5 and 0.9: exceeded by the recipe's shares of ordinary texts and of twins."""
    share = recipe.rare if category in RARE else 1.0
    low = max(np.quantile(ordinary, 1.0 - recipe.held * share), np.quantile(twins, 1.0 - recipe.twins_held))
    high = max(np.quantile(ordinary, 1.0 - recipe.refused * share), np.quantile(twins, 1.0 - recipe.twins_refused))
    return float(low), float(max(high, low + 0.5))
