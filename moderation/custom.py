"""An organisation's own categories, found by likeness to the example sentences of its policy.

The score is the cosine between the prompt and the nearest example, clipped to [0, 1]: paraphrases
score about 0.6 to 0.8 with the bundled encoder, unrelated sentences below 0.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from moderation.actions import Coverage, Reach, Stage
from moderation.decision import Finding
from moderation.encoder import Encoder, Vectors
from moderation.errors import ClassifierError
from moderation.evidence import scored
from moderation.policy import CustomCategory, Policy
from moderation.readings import Readings

_KEPT = 64  # example sets whose vectors stay in memory; one for each live policy category


class ExampleFinder:
    """Compares prompts with examples; the vectors of examples are kept, since policies rarely change."""

    def __init__(self, encoder: Encoder | None) -> None:
        """Without an encoder every category with examples holds."""
        self._encoder = encoder
        self._vectors = lru_cache(maxsize=_KEPT)(self._encode)

    def findings(self, readings: Readings, policy: Policy) -> Iterator[Finding]:
        """One finding for each custom category with examples and a threshold for prompts."""
        for category in policy.custom:
            if category.examples and policy.threshold(Stage.PROMPT, category.category) is not None:
                yield self._finding(category, readings, policy)

    def _finding(self, category: CustomCategory, readings: Readings, policy: Policy) -> Finding:
        if readings.language.reach is Reach.NONE:
            return Finding(
                category.category, None, policy.uncovered_language, source="examples", coverage=Coverage.NOT_SCREENED
            )
        try:
            likeness = self._encode(readings.for_classifiers) @ self._vectors(category.examples).T
        except ClassifierError as fault:
            return Finding(
                category.category,
                None,
                policy.on_failure,
                source="examples",
                coverage=Coverage.ERROR,
                detail={"fault": str(fault)},
            )
        nearest = category.examples[int(np.argmax(likeness.max(axis=0)))]
        score = float(np.clip(likeness.max(), 0.0, 1.0))
        return scored(category.category, score, policy, source="examples", revision="", detail={"nearest": nearest})

    def _encode(self, texts: tuple[str, ...]) -> Vectors:
        if self._encoder is None:
            raise ClassifierError("examples: there is no encoder to compare with; install it")
        return self._encoder.encode(texts)
