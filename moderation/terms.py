"""Words and phrases an organisation allows or denies, each with an owner, a reason and an expiry.

A term is matched on whole words of the folded text (see `normalise.fold`); a script written without
spaces is matched anywhere in the text. A denied term is a finding of its category with score 1. An allowed term stops
counting as evidence for one category: findings that rest on it fall away, and the classifiers read
the text again without it. It does not switch the category off for everything else in the text.

Invariants:
- no allow term names `sexual_minors`;
- a term past its expiry has no effect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from moderation.categories import IMMUTABLE, checked_category
from moderation.errors import PolicyError
from moderation.normalise import fold, has_spaces_between_words


class TermKind(StrEnum):
    """Whether the word is permitted or refused."""

    ALLOW = "allow"
    DENY = "deny"


class TermScope(StrEnum):
    """Which text the term is looked for in."""

    PROMPT = "prompt"
    NEGATIVE_PROMPT = "negative_prompt"
    PICTURE_TEXT = "picture_text"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Term:
    """One allowed or denied word. `language` is an ISO 639-1 code or `*` for all; `expires` is aware or None."""

    word: str
    language: str
    scope: TermScope
    kind: TermKind
    category: str
    owner: str
    reason: str
    expires: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a term that nobody answers for, matches nothing, or lifts what may not be lifted."""
        for field in ("word", "language", "owner", "reason"):
            if not getattr(self, field).strip():
                raise PolicyError(f"terms.{field}: must not be empty")
        if not any(character.isalnum() for character in fold(self.word)):
            raise PolicyError(f"terms.word: {self.word!r} has no letters or digits to match")
        checked_category(self.category, field="terms.category")
        if self.kind is TermKind.ALLOW and self.category in IMMUTABLE:
            raise PolicyError(f"terms.category: no term can allow {self.category}")
        if self.expires is not None and self.expires.tzinfo is None:
            raise PolicyError("terms.expires: give the time with its zone, for example 2027-01-31T00:00:00+00:00")

    def is_live(self, at: datetime) -> bool:
        """Whether the term still has an effect at `at` (aware)."""
        return self.expires is None or at < self.expires

    def applies_to(self, *, language: str, scope: TermScope) -> bool:
        """Whether the term is looked for in text of this language and place."""
        return self.language in ("*", language) and self.scope in (TermScope.EVERYWHERE, scope)

    def spans(self, folded: str) -> tuple[tuple[int, int], ...]:
        """Where the term stands in `folded` text, as half-open character ranges."""
        return tuple(match.span() for match in self._pattern().finditer(folded))

    def _pattern(self) -> re.Pattern[str]:
        word = r"\s+".join(map(re.escape, fold(self.word).split()))
        return re.compile(rf"(?<!\w){word}(?!\w)" if has_spaces_between_words(self.word) else word)

    def to_json(self) -> dict[str, Any]:
        """The term as JSON values."""
        return {
            "word": self.word,
            "language": self.language,
            "scope": self.scope.value,
            "kind": self.kind.value,
            "category": self.category,
            "owner": self.owner,
            "reason": self.reason,
            "expires": None if self.expires is None else self.expires.isoformat(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Term:
        """Read a term back; raises `PolicyError` naming the field that is wrong or missing."""
        try:
            expires = value.get("expires")
            return cls(
                word=str(value["word"]),
                language=str(value.get("language", "*")),
                scope=TermScope(value.get("scope", "everywhere")),
                kind=TermKind(value["kind"]),
                category=str(value["category"]),
                owner=str(value["owner"]),
                reason=str(value["reason"]),
                expires=None if expires is None else datetime.fromisoformat(expires),
            )
        except KeyError as missing:
            raise PolicyError(f"terms.{missing.args[0]}: is missing") from missing
        except (ValueError, TypeError, AttributeError) as wrong:
            raise PolicyError(f"terms: {wrong}") from wrong
