"""A policy in plain words: what a category covers, from when on something follows, what changed between two versions.

Not for makers (see `wording`): these are the words for the people who write, approve and audit a policy. The
sentences are English and carry no markup. Nothing here decides anything.

Invariant: every category that takes a threshold has an explanation, and every bound has words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from moderation.actions import Action, Mode, Stage
from moderation.categories import Category
from moderation.inheritance import stricter
from moderation.policy import CustomCategory, Policy, Threshold
from moderation.terms import Term, TermKind

# The bounds a person chooses from, lowest first. Rules score 0.3 (worth a note), 0.6 (worth a look) or 0.95 (plain);
# the heads' 0.5 is rare on harmless text and 0.9 rarer still.
GRADES: tuple[tuple[float, str], ...] = (
    (0.2, "at the faintest sign"),
    (0.3, "at a faint sign"),
    (0.5, "when it is likely"),
    (0.6, "when it is very likely"),
    (0.8, "when it is nearly certain"),
    (0.9, "when it is plain"),
    (0.97, "when it is beyond doubt"),
)
NEVER = "never"

EXPLANATION: dict[str, str] = {
    Category.SEXUAL_MINORS: "Children or teenagers together with anything sexual. Always refused, in every policy.",
    Category.SEXUAL_EXPLICIT: "Nudity and sexual acts. Teaching about bodies and birth comes close to it.",
    Category.VIOLENCE_GRAPHIC: "Wounds, killing and cruelty shown closely. First aid and surgery come close to it.",
    Category.HATE_EXTREMISM: "Contempt for a group of people, and the signs and slogans of extremist movements.",
    Category.SELF_HARM: "Suicide and self-injury. Texts that prevent them use the same words, so ask, do not refuse.",
    Category.DANGEROUS_ILLICIT: "Weapons, drugs, poisons and how to misuse them. Safety teaching uses the same words.",
    Category.DIGNITY_STEREOTYPE: "People shown as helpless, or as a type of their origin instead of as a person.",
    Category.SYNTHETIC_EVIDENCE: "Invented events made to look like news or documentary photographs.",
    Category.REAL_PERSON: "Somebody who really exists, by name or unmistakable description.",
    Category.PHOTOREAL_CHILD: "Children as in a photograph, who could be taken for real ones.",
    Category.IP_STYLE: "The manner of a named artist, a brand, a protected character.",
    Category.EVASION: "Words disguised to get past the check, or a demand to switch it off.",
}


class Direction(StrEnum):
    """Whether a change lets less or more pass unseen; `mixed` where it does both, or neither can be said."""

    STRICTER = "stricter"
    LOOSER = "looser"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that reads differently in two policies, in words.

    `about` is what changed: a category's name, or one of `term`, `languages`, `uncovered_language`, `on_failure`,
    `name` and `custom`; `stage` is empty where none applies. `before` and `after` are sentences, empty where absent.
    """

    about: str
    stage: str
    before: str
    after: str
    direction: Direction


def grade(bound: float | None) -> str:
    """A bound in words: one of `GRADES`, or its figure where it is none of them; `never` for None."""
    if bound is None:
        return NEVER
    words = dict(GRADES)
    return words.get(bound, f"from a score of {bound:g}")


def threshold_words(threshold: Threshold | None) -> str:
    """What follows under a threshold, as one sentence; the strictest first. None is "Not looked for."."""
    if threshold is None:
        return "Not looked for."
    parts = [
        f"{verb} {grade(bound)}"
        for verb, bound in (
            ("refused", threshold.block_at),
            ("a reviewer is asked", threshold.review_at),
            ("noted", threshold.annotate_at),
        )
        if bound is not None
    ]
    if not parts:
        return "Let through."
    sentence = "; ".join(parts)
    watched = "Only watched, never acted on: " if threshold.mode is Mode.SHADOW else ""
    return f"{watched}{sentence if watched else sentence[:1].upper() + sentence[1:]}."


def term_words(term: Term) -> str:
    """A term as one sentence, with its reason and its end."""
    verb = "Refused word" if term.kind is TermKind.DENY else "Allowed word"
    until = f", until {term.expires:%-d %B %Y}" if term.expires else ""
    return f"{verb} “{term.word}”{until}: {term.reason}"


def changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """What differs, in the order of a policy's page: stages, terms, own categories, languages, the rest."""
    return (*_limits(before, after), *_terms(before, after), *_custom(before, after), *_rest(before, after))


def _limits(before: Policy, after: Policy) -> Iterator[Change]:
    for stage in Stage:
        for category in dict.fromkeys((*before.categories(stage), *after.categories(stage))):
            old, new = before.threshold(stage, category), after.threshold(stage, category)
            if old != new:
                yield Change(category, stage.value, threshold_words(old), threshold_words(new), _direction(old, new))


def _direction(old: Threshold | None, new: Threshold | None) -> Direction:
    if old is None or new is None:
        return Direction.STRICTER if old is None else Direction.LOOSER
    both = stricter(old, new)
    if both == new and both != old:
        return Direction.STRICTER
    return Direction.LOOSER if both == old and both != new else Direction.MIXED


def _terms(before: Policy, after: Policy) -> Iterator[Change]:
    for term in before.terms:
        if term not in after.terms:
            gone = Direction.LOOSER if term.kind is TermKind.DENY else Direction.STRICTER
            yield Change("term", "", term_words(term), "", gone)
    for term in after.terms:
        if term not in before.terms:
            new = Direction.STRICTER if term.kind is TermKind.DENY else Direction.LOOSER
            yield Change("term", "", "", term_words(term), new)


def _custom(before: Policy, after: Policy) -> Iterator[Change]:
    old = {entry.category: entry for entry in before.custom}
    new = {entry.category: entry for entry in after.custom}
    for category in dict.fromkeys((*old, *new)):
        if old.get(category) != new.get(category):
            yield Change(
                "custom", "", _custom_words(old.get(category)), _custom_words(new.get(category)), Direction.MIXED
            )


def _custom_words(entry: CustomCategory | None) -> str:
    return f"{entry.label}, {len(entry.examples)} example sentences" if entry else ""


def _rest(before: Policy, after: Policy) -> Iterator[Change]:
    if before.name != after.name:
        yield Change("name", "", before.name, after.name, Direction.MIXED)
    if before.languages != after.languages:
        yield Change("languages", "", ", ".join(before.languages), ", ".join(after.languages), Direction.MIXED)
    for field in ("uncovered_language", "on_failure"):
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            yield Change(field, "", _ACTION[old], _ACTION[new], Direction.STRICTER if new > old else Direction.LOOSER)


_ACTION = {
    Action.ALLOW: "Let through.",
    Action.ANNOTATE: "Noted.",
    Action.REVIEW: "A reviewer is asked.",
    Action.BLOCK: "Refused.",
}
