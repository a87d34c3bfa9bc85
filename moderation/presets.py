"""Policies to start from: a platform floor, and one for each sector, already joined with the floor.

Not a statement of what is lawful anywhere. Each preset is an ordinary `Policy`; an organisation
copies one, renames it and changes it.

Scores of the heads are calibrated so that 0.5 is rare on harmless text and 0.9 rarer still; rules
give 0.3 (worth a note), 0.6 (worth a look) or 0.95 (plain). See `moderation.heads` and `moderation.rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from moderation.actions import Stage
from moderation.categories import Category
from moderation.policy import Limit, Policy, Threshold

_BLOCKS = Threshold(annotate_at=0.3, review_at=0.5, block_at=0.9)
_HOLDS = Threshold(annotate_at=0.3, review_at=0.5, block_at=None)
_NOTES = Threshold(annotate_at=0.3, review_at=None, block_at=None)
_HOLDS_NOTES = Threshold(annotate_at=None, review_at=0.3, block_at=None)
_LANGUAGES = ("en", "fr", "es", "pt", "de", "zh", "ru", "ar")


def _prompt(**thresholds: Threshold) -> tuple[Limit, ...]:
    return tuple(Limit(Stage.PROMPT, Category(name), threshold) for name, threshold in thresholds.items())


# Picture nudity has its own rule over two opinions, whose bounds are those of the design:
# review from 0.3 or on disagreement, block when both reach 0.8.
_PICTURE = (
    Limit(Stage.PICTURE, Category.SEXUAL_EXPLICIT, Threshold(annotate_at=0.2, review_at=0.3, block_at=0.8)),
    *(
        Limit(Stage.PICTURE, category, _HOLDS)
        for category in (Category.VIOLENCE_GRAPHIC, Category.HATE_EXTREMISM, Category.IP_STYLE, Category.REAL_PERSON)
    ),
)

FLOOR = Policy(
    name="floor",
    languages=_LANGUAGES,
    limits=_PICTURE
    + _prompt(
        sexual_explicit=_BLOCKS,
        violence_graphic=_BLOCKS,
        hate_extremism=_BLOCKS,
        self_harm=_HOLDS,
        dangerous_illicit=_HOLDS,
        dignity_stereotype=_NOTES,
        synthetic_evidence=_HOLDS,
        real_person=_NOTES,
        photoreal_child=_NOTES,
        ip_style=_NOTES,
        evasion=_HOLDS,
    ),
)

_MAY_RELAX_HEALTH = frozenset({Category.SEXUAL_EXPLICIT, Category.VIOLENCE_GRAPHIC, Category.SELF_HARM})


def _sector(name: str, *limits: Limit, may_loosen: frozenset[str] = frozenset()) -> Policy:
    return FLOOR.tightened_by(replace(FLOOR, name=name, limits=limits), may_loosen=may_loosen)


_HUMANITARIAN = _prompt(
    dignity_stereotype=_HOLDS, synthetic_evidence=_BLOCKS, real_person=_HOLDS, photoreal_child=_NOTES
)

PRESETS: Mapping[str, Policy] = MappingProxyType(
    {
        "floor": FLOOR,
        "health": _sector(
            "health",
            # Clinics teach with bodies and wounds: a person looks, and nothing is refused unseen.
            *_prompt(
                sexual_explicit=Threshold(annotate_at=0.3, review_at=0.6, block_at=0.97),
                violence_graphic=Threshold(annotate_at=0.3, review_at=0.6, block_at=None),
                self_harm=_HOLDS,
                dignity_stereotype=_HOLDS,
                synthetic_evidence=_HOLDS,
            ),
            may_loosen=_MAY_RELAX_HEALTH,
        ),
        "humanitarian": _sector("humanitarian", *_HUMANITARIAN),
        "education": _sector("education", *_prompt(dignity_stereotype=_HOLDS, real_person=_HOLDS, ip_style=_HOLDS)),
        "agriculture": _sector("agriculture", *_prompt(dignity_stereotype=_HOLDS, dangerous_illicit=_HOLDS)),
        "child-protection": _sector(
            "child-protection",
            *_prompt(
                sexual_explicit=Threshold(annotate_at=0.2, review_at=0.3, block_at=0.6),
                photoreal_child=_HOLDS_NOTES,
                dignity_stereotype=_HOLDS,
                real_person=_HOLDS_NOTES,
                self_harm=_HOLDS,
            ),
        ),
    }
)
