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

# Further names of the same systems, of sets of prompts, and everyday ones, written as `_key` writes them.
_ALSO: dict[str, Category] = {
    "s3": Category.SEXUAL_EXPLICIT,
    "s9": Category.DANGEROUS_ILLICIT,
    "sexual content": Category.SEXUAL_EXPLICIT,
    "nudity": Category.SEXUAL_EXPLICIT,
    "nsfw": Category.SEXUAL_EXPLICIT,
    "violent": Category.VIOLENCE_GRAPHIC,
    "violent crimes": Category.VIOLENCE_GRAPHIC,
    "gore": Category.VIOLENCE_GRAPHIC,
    "hate threatening": Category.HATE_EXTREMISM,
    "hate speech": Category.HATE_EXTREMISM,
    "self harm intent": Category.SELF_HARM,
    "self harm instructions": Category.SELF_HARM,
    "selfharm": Category.SELF_HARM,
    "suicide": Category.SELF_HARM,
    "illicit violent": Category.DANGEROUS_ILLICIT,
    "illegal activity": Category.DANGEROUS_ILLICIT,
    "child sexual exploitation": Category.SEXUAL_MINORS,
    "csae": Category.SEXUAL_MINORS,
}
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def category_called(name: str) -> Category | None:
    """Our category for a name that Llama Guard, Azure, OpenAI or a set of prompts gives it; None for an unknown one.

    Case and separators do not count: "S12", "s12: Sexual Content", "SelfHarm" and "self-harm" are all known. A code
    with a heading counts by its code. A name that others use for several of ours ("Sexual") is the adults' one.
    """
    code, _, heading = name.partition(":")
    return _CALLED.get(_key(name)) or (_CALLED.get(_key(code)) if heading else None)


def _key(name: str) -> str:
    return " ".join(re.split(r"[\W_]+", _HUMP.sub(" ", name).casefold())).strip()


def _called() -> dict[str, Category]:
    known = {_key(category.value): category for category in Category}
    for category, others in reversed(
        OTHER_NAMES.items()
    ):  # sexual_minors comes first there, and yields the shared names
        shared = (others.azure,) if category not in IMMUTABLE else ()
        known |= {_key(other): category for other in (others.llama_guard, others.openai, *shared) if other}
    return known | {_key("violence"): Category.VIOLENCE_GRAPHIC} | _ALSO


_CALLED = _called()


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
