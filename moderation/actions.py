"""The small closed vocabularies that policies, findings and decisions share.

Invariant: actions are ordered, allow < annotate < review < block, and a decision is the strictest
action among its enforced findings.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum

from moderation.errors import PolicyError


class Action(IntEnum):
    """What is done. `review` holds the thing: only reviewers see it until one of them decides."""

    ALLOW = 0
    ANNOTATE = 1
    REVIEW = 2
    BLOCK = 3

    @property
    def word(self) -> str:
        """The lower-case name that JSON carries."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: object, *, field: str) -> Action:
        """The action named by `word`; raises `PolicyError` naming `field`."""
        if isinstance(word, str) and word.upper() in cls.__members__:
            return cls[word.upper()]
        raise PolicyError(f"{field}: {word!r} is no action; use allow, annotate, review or block")


class Stage(StrEnum):
    """Where in the flow a screen stands."""

    PROMPT = "prompt"
    PICTURE = "picture"


class Mode(StrEnum):
    """`shadow` records what would have happened and changes nothing."""

    ENFORCE = "enforce"
    SHADOW = "shadow"


class Coverage(StrEnum):
    """Whether one category was looked at. `not_screened` is shown as such and never as passed."""

    SCREENED = "screened"
    NOT_SCREENED = "not_screened"
    ERROR = "error"


class Reach(StrEnum):
    """How much of the input the screens of one decision could read.

    `full`: in a language the classifiers declare; `vocabulary`: through an English rendering of a
    closed vocabulary; `none`: in a language no classifier declares; `partial`: a picture, of which
    some categories are looked at by nothing.
    """

    FULL = "full"
    VOCABULARY = "vocabulary"
    NONE = "none"
    PARTIAL = "partial"


def strictest(actions: Iterable[Action]) -> Action:
    """The strictest of `actions`; `allow` when there are none."""
    return max(actions, default=Action.ALLOW)
