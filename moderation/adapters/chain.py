"""Several classifiers as one: any of them, all of them, or a weighted mean.

Invariants:
- a chain of nothing raises;
- one failing member fails the chain, because a missing opinion is not a low score;
- the chain covers a language or category only where every member does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from moderation.classifiers import TextClassifier, checked_scores
from moderation.errors import PolicyError


class Rule(StrEnum):
    """How members are joined: `any` takes the highest score, `all` the lowest, `weighted` the mean."""

    ANY = "any"
    ALL = "all"
    WEIGHTED = "weighted"


class Chain:
    """A `TextClassifier` made of others."""

    def __init__(
        self, name: str, members: Sequence[TextClassifier], *, rule: Rule, weights: Sequence[float] = ()
    ) -> None:
        """`weights`: one positive number a member for `weighted`, else empty; raises `PolicyError` otherwise."""
        if not members:
            raise PolicyError(f"{name}: a chain needs at least one classifier")
        if len(weights) != (len(members) if rule is Rule.WEIGHTED else 0) or any(not w > 0.0 for w in weights):
            raise PolicyError(f"{name}: give one positive weight for each member with `weighted`, and none otherwise")
        self.id, self._members, self._rule, self._weights = name, tuple(members), rule, tuple(weights)
        self.languages = frozenset.intersection(*(member.languages for member in members))
        self.categories = frozenset.intersection(*(member.categories for member in members))
        made_of = [f"{member.id}:{member.revision}" for member in members]
        self.revision = hashlib.sha256(repr((rule.value, self._weights, made_of)).encode()).hexdigest()

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        """See `TextClassifier.score`; raises whatever a member raises."""
        answers = [
            checked_scores(member.score(texts), source=member.id, categories=member.categories)
            for member in self._members
        ]
        return {category: self._joined([answer[category] for answer in answers]) for category in self.categories}

    def _joined(self, scores: list[float]) -> float:
        if self._rule is Rule.ANY:
            return max(scores)
        if self._rule is Rule.ALL:
            return min(scores)
        total = sum(score * weight for score, weight in zip(scores, self._weights, strict=True))
        return min(total / sum(self._weights), 1.0)
