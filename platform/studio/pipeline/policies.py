"""Policies to the moderation library and back as plain JSON: joining them, saying them in words, judging again.

Light: nothing here loads an encoder or a network, so the web process may use all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moderation.errors import ModerationError
from studio.pipeline.screening import Screened, policy

# The sectors a policy starts from, besides the floor that every policy stands on.
SECTORS = ("humanitarian", "health", "education", "agriculture", "child-protection")
PROMPT, PICTURE = "prompt", "picture"
# What something installed looks for in finished pictures; everything else is "not screened" there.
SEEN_IN_PICTURES = frozenset({"sexual_explicit"})


@dataclass(frozen=True, slots=True)
class Joined:
    """A policy as it comes into force under those above it.

    `refused` names what it asks for in vain, because somebody above is stricter: paths such as
    `stages.prompt.self_harm` or `terms.word`.
    """

    document: dict[str, Any]
    digest: str
    refused: tuple[str, ...]


def joined(own: Mapping[str, Any], *, above: Mapping[str, Any], may_loosen: Iterable[str]) -> Joined:
    """`own` under the policy `above` it, which lets it loosen the categories `may_loosen`. Raises PolicyError."""
    from moderation.inheritance import loosenings

    parent, child, right = policy(above), policy(own), frozenset(may_loosen)
    ruling = parent.tightened_by(child, may_loosen=right)
    return Joined(ruling.to_json(), ruling.digest, loosenings(parent, child, may_loosen=right))


def policy_changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What differs between two policies, each as `about`, `stage`, `before`, `after`, `direction` in words."""
    from moderation.explaining import changes

    if before is None:
        return []
    return [
        {**asdict(change), "direction": change.direction.value} for change in changes(policy(before), policy(after))
    ]


def explanation(category: str) -> str:
    """What a category covers, for those who set its action; empty for an organisation's own."""
    from moderation.explaining import EXPLANATION

    return EXPLANATION.get(category, "")


def grades() -> tuple[tuple[float, str], ...]:
    """The bounds that a person chooses from, with their words, lowest first."""
    from moderation.explaining import GRADES

    return GRADES


def limitable(stage: str) -> tuple[str, ...]:
    """The categories the floor sets a limit for at this stage, in the order of its page."""
    from moderation.actions import Stage
    from moderation.explaining import EXPLANATION
    from moderation.presets import FLOOR

    limited = FLOOR.categories(Stage(stage))
    return tuple(str(category) for category in EXPLANATION if category in limited)


def relaxable() -> tuple[str, ...]:
    """The categories that a right to loosen may name: all but those whose action is fixed."""
    from moderation.categories import NOT_FOR_THRESHOLDS, Category

    return tuple(category.value for category in Category if category not in NOT_FOR_THRESHOLDS)


def checked_example(value: Mapping[str, Any]) -> dict[str, Any]:
    """An example prompt of a policy, as it is kept. Raises ModerationError naming the field."""
    from moderation.examples import Example

    return Example.from_json(value).to_json()


def expected(expectation: str, action: str) -> bool:
    """Whether an example's expectation is met by an action."""
    from moderation.actions import Action
    from moderation.examples import Expectation

    return Expectation(expectation).is_met_by(Action.from_word(action, field="action"))


def checked_term(value: Mapping[str, Any]) -> dict[str, Any]:
    """An allowed or refused word, as it is kept. Raises PolicyError naming the field."""
    from moderation.terms import Term

    return Term.from_json(value).to_json()


def stands_in(word: str, text: str) -> bool:
    """Whether a word or phrase stands in a text, as the screen of words would find it."""
    from moderation.normalise import fold
    from moderation.terms import Term, TermKind, TermScope

    try:
        term = Term(word, "*", TermScope.EVERYWHERE, TermKind.ALLOW, "ip_style", "nobody", "to be found")
    except ModerationError:
        return False
    return bool(term.spans(fold(text)))


def screened_languages() -> tuple[str, ...]:
    """The languages that the bundled classifier was measured in."""
    from moderation.presets import FLOOR

    return FLOOR.languages


def what_to_change(decision: Mapping[str, Any]) -> list[str]:
    """What its maker can change, from a kept decision; nothing where the screen itself failed."""
    from moderation.decision import Decision
    from moderation.errors import InputError

    try:
        return list(Decision.from_json(decision).changes())
    except InputError:
        return []


def rejudged_picture(decision: Mapping[str, Any], document: Mapping[str, Any]) -> Screened:
    """A kept decision about a picture as another policy would have made it, without the picture."""
    from moderation.decision import Decision
    from moderation.rejudging import rejudge

    again = rejudge(Decision.from_json(decision), policy(document))
    return Screened(again.action.word, again.to_json(), list(again.reasons()), list(again.changes()))


def digest_of(*values: object) -> str:
    """SHA-256 over plain JSON values, for telling whether something is still what it was."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
