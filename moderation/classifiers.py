"""What a text or picture classifier has to offer to take part in a screen, and how its answer is checked.

Invariants:
- a classifier that raises, takes too long or answers with anything but finite scores in [0, 1] leads to
  `ClassifierError`; the screen turns that into findings that hold;
- a classifier declares its languages and categories; silence about a language means it is not covered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from moderation.encoder import LANGUAGES as ENCODER_LANGUAGES
from moderation.encoder import Encoder
from moderation.errors import ClassifierError
from moderation.heads import LANGUAGES, Heads


class TextClassifier(Protocol):
    """Anything that scores texts by category."""

    @property
    def id(self) -> str:
        """A short name that records carry."""

    @property
    def revision(self) -> str:
        """SHA-256 of the weights or configuration that decide the answer."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes the classifier was measured in."""

    @property
    def categories(self) -> frozenset[str]:
        """The categories it scores."""

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        """The highest score of each category over `texts` (readings of one input), in [0, 1]."""


class PictureClassifier(Protocol):
    """Anything that scores RGB8 pixels by category; for production adapters."""

    @property
    def id(self) -> str:
        """A short name that records carry."""

    @property
    def revision(self) -> str:
        """SHA-256 of the weights or configuration that decide the answer."""

    @property
    def categories(self) -> frozenset[str]:
        """The categories it scores."""

    def score(self, pixels: bytes, width: int, height: int) -> Mapping[str, float]:
        """The score of each category, in [0, 1], for height x width x 3 bytes."""


class HeadsClassifier:
    """The bundled classifier: the heads over the encoder."""

    id = "heads"

    def __init__(self, encoder: Encoder, heads: Heads) -> None:
        """`heads` must have been trained on `encoder`, which `Heads.load` checks."""
        self._encoder, self._heads = encoder, heads
        self.revision = heads.revision
        self.languages = LANGUAGES & ENCODER_LANGUAGES
        self.categories = frozenset(heads.categories)

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        """See `TextClassifier.score`."""
        return self._heads.scores(self._encoder.encode(texts))


class MissingClassifier:
    """Stands where a text classifier could not be loaded, so that every prompt is held and the reason kept."""

    revision = ""

    def __init__(self, name: str, reason: str, *, languages: frozenset[str], categories: frozenset[str]) -> None:
        """`languages` and `categories` are those the missing classifier would have had."""
        self.id, self._reason, self.languages, self.categories = name, reason, languages, categories

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        """Always raises `ClassifierError` with the reason the classifier could not be loaded."""
        raise ClassifierError(self._reason)


class MissingPictureClassifier:
    """Stands where a picture classifier could not be loaded, so that every picture is held and the reason kept."""

    revision = ""

    def __init__(self, name: str, reason: str, *, categories: frozenset[str]) -> None:
        """`categories` are those the missing classifier would have had."""
        self.id, self._reason, self.categories = name, reason, categories

    def score(self, pixels: bytes, width: int, height: int) -> Mapping[str, float]:
        """Always raises `ClassifierError` with the reason the classifier could not be loaded."""
        raise ClassifierError(self._reason)


def checked_scores(scores: object, *, source: str, categories: frozenset[str]) -> dict[str, float]:
    """`scores` as plain floats for exactly `categories`; raises `ClassifierError` for anything else."""
    if not isinstance(scores, Mapping):
        raise ClassifierError(f"{source}: answered with no mapping of category to score")
    if missing := categories - scores.keys():
        raise ClassifierError(f"{source}: gave no score for {', '.join(sorted(missing))}")
    checked = {category: scores[category] for category in sorted(categories)}
    for category, score in checked.items():
        is_number = isinstance(score, int | float) and not isinstance(score, bool)
        if not is_number or not math.isfinite(score) or not 0.0 <= score <= 1.0:
            raise ClassifierError(f"{source}: {category} has the score {score!r}, which is no number from 0 to 1")
    return {category: float(score) for category, score in checked.items()}
