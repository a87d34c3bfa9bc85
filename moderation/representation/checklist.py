"""What two people saw in the pictures of a set, their answers to the items of a checklist side by side.

A measure finds that groups are drawn differently; whether that demeans somebody takes people. Two of them answer the
same items about the same pictures, each without the other's answers, and what they disagree on is shown, not averaged.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from moderation.evaluation import Rate
from moderation.representation.sets import Rating


def tally(ratings: Sequence[Rating]) -> list[dict[str, Any]]:
    """For each item, the share each rater saw and how often two raters of one picture disagree."""
    found = []
    for item in sorted({rating.item for rating in ratings}):
        answers: dict[str, dict[str, bool]] = {}
        for rating in ratings:
            if rating.item == item:
                answers.setdefault(rating.rater, {})[rating.file] = rating.yes
        both = [
            (one[file], other[file])
            for one, other in itertools.combinations(answers.values(), 2)
            for file in sorted(one.keys() & other.keys())
        ]
        found.append(
            {
                "item": item,
                "raters": {
                    name: Rate(sum(said.values()), len(said)).to_json() for name, said in sorted(answers.items())
                },
                "disagreement": Rate(sum(a != b for a, b in both), len(both)).to_json(),
            }
        )
    return found
