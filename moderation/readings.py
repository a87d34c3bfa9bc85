"""The ways one prompt is read: as written, normalised, rendered in English, without style, without allowed terms.

Invariants:
- the text as written is always among the readings of the rules, so nothing is lost by normalising;
- allowed terms are taken out for their own category only, and never for `sexual_minors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from moderation.actions import Reach
from moderation.categories import IMMUTABLE
from moderation.content import content
from moderation.errors import InputError
from moderation.language import Language
from moderation.normalise import Normalised, fold, normalise
from moderation.policy import Policy
from moderation.terms import Term, TermKind, TermScope

LONGEST = 10_000  # characters; far above what an image model reads


@dataclass(frozen=True, slots=True)
class Readings:
    """One prompt, ready to be looked at. `for_rules` and `for_classifiers` are texts, never empty tuples."""

    raw: str
    second: Normalised
    negative: str
    language: Language
    for_rules: tuple[str, ...]
    for_classifiers: tuple[str, ...]
    terms: tuple[Term, ...]

    def denied(self) -> tuple[tuple[Term, tuple[int, int]], ...]:
        """Each live denied term with the first place where it stands."""
        places = ((term, self._place(term)) for term in self.terms if term.kind is TermKind.DENY)
        return tuple((term, place) for term, place in places if place is not None)

    def allowed(self) -> Mapping[str, tuple[Term, ...]]:
        """Live allowed terms that stand in the text, by the category they lift."""
        found: dict[str, tuple[Term, ...]] = {}
        for term in self.terms:
            if term.kind is TermKind.ALLOW and term.category not in IMMUTABLE and self._place(term):
                found[term.category] = (*found.get(term.category, ()), term)
        return found

    def _place(self, term: Term) -> tuple[int, int] | None:
        texts = [(TermScope.PROMPT, text) for text in self.for_rules]
        if self.negative and term.kind is TermKind.DENY:
            texts.append((TermScope.NEGATIVE_PROMPT, self.negative))
        for scope, text in texts:
            if term.applies_to(language=self.language.code, scope=scope) and (spans := term.spans(fold(text))):
                return spans[0]
        return None


def read(
    raw: str,
    *,
    second: Normalised,
    negative: str,
    language: Language,
    english: str | None,
    policy: Policy,
    at: datetime,
) -> Readings:
    """Gather the readings of `raw`; `english` is a rendering supplied by the caller, or None."""
    guesses = [normalise(raw, one=letter).text for letter in "il"] if "1" in raw and second.changed else []
    own = tuple(dict.fromkeys(text for text in (raw, second.text, *guesses) if text))
    reach = Reach.FULL if english is None or language.reach is Reach.FULL else Reach.VOCABULARY
    if english is not None:
        language = Language(language.code, Reach.VOCABULARY)
    classified = own if english is None else (*(own if reach is Reach.FULL else ()), english)
    shown = (content(text) for text in classified)
    return Readings(
        raw=raw,
        second=second,
        negative=negative,
        language=language,
        for_rules=own if english is None else (*own, english),
        for_classifiers=tuple(dict.fromkeys((*classified, *(text for text in shown if text)))),
        terms=tuple(term for term in policy.terms if term.is_live(at)),
    )


def without(terms: tuple[Term, ...], texts: tuple[str, ...]) -> tuple[str, ...]:
    """The folded texts with every mention of `terms` taken out; texts left empty are dropped."""
    left = []
    for text in texts:
        folded = fold(text)
        for term in terms:
            for start, end in reversed(term.spans(folded)):
                folded = f"{folded[:start]} {folded[end:]}"
        if folded.strip():
            left.append(" ".join(folded.split()))
    return tuple(left)


def checked_text(text: object, *, field: str) -> str:
    """`text` as a string with something in it and not too long; raises `InputError` naming `field`."""
    if not isinstance(text, str):
        raise InputError(f"{field}: must be text, not {type(text).__name__}")
    if len(text) > LONGEST:
        raise InputError(f"{field}: has {len(text)} characters; shorten it to at most {LONGEST}")
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise InputError(f"{field}: is empty; write what the picture should show")
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        raise InputError(f"{field}: has a character that is no Unicode text; retype it") from broken
    return text
