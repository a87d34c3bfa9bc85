"""The names of what is looked for, and how other systems call the same thing.

Not a taxonomy of all harm: these are the categories a policy can set thresholds for. An organisation
adds its own as `custom:<slug>`. Categories travel as plain strings, so that a record stays readable
when a category is later retired.

Invariants:
- `sexual_minors` takes no threshold: it is always a block, in every policy, and nothing lifts it;
- `degenerate_output`, `uncovered_language` and `lettering` say what a screen could or could not look at; they are
  neither "safe" nor "harmful".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from moderation.errors import PolicyError

_CUSTOM = re.compile(r"custom:[a-z0-9]+(?:-[a-z0-9]+)*")


class Category(StrEnum):
    """What a finding is about."""

    SEXUAL_MINORS = "sexual_minors"
    SEXUAL_EXPLICIT = "sexual_explicit"
    VIOLENCE_GRAPHIC = "violence_graphic"
    HATE_EXTREMISM = "hate_extremism"
    SELF_HARM = "self_harm"
    DANGEROUS_ILLICIT = "dangerous_illicit"
    DIGNITY_STEREOTYPE = "dignity_stereotype"
    SYNTHETIC_EVIDENCE = "synthetic_evidence"
    REAL_PERSON = "real_person"
    PHOTOREAL_CHILD = "photoreal_child"
    IP_STYLE = "ip_style"
    EVASION = "evasion"
    DEGENERATE_OUTPUT = "degenerate_output"
    UNCOVERED_LANGUAGE = "uncovered_language"
    LETTERING = "lettering"


_NAMES = frozenset(category.value for category in Category)
IMMUTABLE = frozenset({Category.SEXUAL_MINORS})
NOT_FOR_THRESHOLDS = IMMUTABLE | {Category.DEGENERATE_OUTPUT, Category.UNCOVERED_LANGUAGE, Category.LETTERING}


@dataclass(frozen=True, slots=True)
class OtherNames:
    """How published moderation systems name a category; empty where they have no counterpart.

    `llama_guard`: the MLCommons hazard code used by Llama Guard 3 and 4. `azure`: Azure AI Content
    Safety. `openai`: the OpenAI moderation endpoint.
    """

    llama_guard: str = ""
    azure: str = ""
    openai: str = ""


OTHER_NAMES: dict[Category, OtherNames] = {
    Category.SEXUAL_MINORS: OtherNames("S4", "Sexual", "sexual/minors"),
    Category.SEXUAL_EXPLICIT: OtherNames("S12", "Sexual", "sexual"),
    Category.VIOLENCE_GRAPHIC: OtherNames("S1", "Violence", "violence/graphic"),
    Category.HATE_EXTREMISM: OtherNames("S10", "Hate", "hate"),
    Category.SELF_HARM: OtherNames("S11", "SelfHarm", "self-harm"),
    Category.DANGEROUS_ILLICIT: OtherNames("S2", "", "illicit"),
    Category.SYNTHETIC_EVIDENCE: OtherNames("S13", "", ""),
    Category.REAL_PERSON: OtherNames("S5", "", ""),
    Category.IP_STYLE: OtherNames("S8", "Protected material", ""),
    Category.EVASION: OtherNames("", "Prompt shields", ""),
}


def is_custom(category: str) -> bool:
    """Whether `category` is an organisation's own, `custom:<slug>` with a slug of a-z, 0-9 and single hyphens."""
    return _CUSTOM.fullmatch(category) is not None


def checked_category(category: object, *, field: str) -> str:
    """Return `category` as the plain string records carry; raise `PolicyError` naming `field` otherwise."""
    if isinstance(category, str):
        if is_custom(category):
            return str(category)
        if category in _NAMES:
            return Category(category).value
    raise PolicyError(
        f"{field}: {category!r} is no category; use one of {', '.join(Category)} or custom:<slug> "
        "with lower-case letters, digits and hyphens"
    )
