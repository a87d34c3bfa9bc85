"""Example prompts kept with a policy: what must be let through, and what must be stopped, before it is published.

Not training texts: they change no score. They are the promises that a policy's authors test it by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from moderation.actions import Action
from moderation.errors import PolicyError
from moderation.readings import checked_text

LONGEST = 1_000  # characters of one example


class Expectation(StrEnum):
    """What must follow: `allow` nobody is asked; `stop` a reviewer is asked or it is refused; `block` refused."""

    ALLOW = "allow"
    STOP = "stop"
    BLOCK = "block"

    def is_met_by(self, action: Action) -> bool:
        """Whether a decision with this action is as expected."""
        if self is Expectation.ALLOW:
            return action < Action.REVIEW
        return action >= (Action.REVIEW if self is Expectation.STOP else Action.BLOCK)


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt in `language` (ISO 639-1) and what must follow from it."""

    text: str
    expect: Expectation
    language: str = "en"

    def __post_init__(self) -> None:
        """Refuse what cannot be screened, or is longer than anybody reads."""
        checked_text(self.text, field="examples.text")
        if len(self.text) > LONGEST:
            raise PolicyError(f"examples.text: has {len(self.text)} characters; shorten it to at most {LONGEST}")
        if not self.language.strip():
            raise PolicyError("examples.language: must not be empty")

    def to_json(self) -> dict[str, Any]:
        """The example as JSON values."""
        return {"text": self.text, "expect": self.expect.value, "language": self.language}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Example:
        """Read an example back; raises `PolicyError` naming the field that is wrong or missing."""
        try:
            return cls(str(value["text"]), Expectation(value["expect"]), str(value.get("language", "en")))
        except KeyError as missing:
            raise PolicyError(f"examples.{missing.args[0]}: is missing") from missing
        except ValueError as wrong:
            raise PolicyError(f"examples.expect: {wrong}; use allow, stop or block") from wrong
