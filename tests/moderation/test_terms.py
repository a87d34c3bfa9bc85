"""Allowed and denied terms: what they default to, where they are found, when they end, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moderation.categories import Category
from moderation.errors import PolicyError
from moderation.terms import Term, TermKind, TermScope

TERM = {"word": "maize", "kind": "deny", "category": "ip_style", "owner": "press", "reason": "agreed"}


def test_a_term_says_little_and_means_the_rest() -> None:
    term = Term.from_json(TERM)
    assert term == Term("maize", "*", TermScope.EVERYWHERE, TermKind.DENY, "ip_style", "press", "agreed", None)
    assert term.to_json() == {**TERM, "language": "*", "scope": "everywhere", "expires": None}
    full = {**TERM, "language": "fr", "scope": "prompt", "expires": "2027-01-31T00:00:00+00:00"}
    assert Term.from_json(full).to_json() == full
    assert Term.from_json(full).applies_to(language="fr", scope=TermScope.PROMPT)
    assert not Term.from_json(full).applies_to(language="en", scope=TermScope.PROMPT)
    assert not Term.from_json(full).applies_to(language="fr", scope=TermScope.PICTURE_TEXT)
    assert term.applies_to(language="sw", scope=TermScope.PICTURE_TEXT)


def test_a_term_ends_at_its_very_moment() -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    term = Term.from_json({**TERM, "expires": end.isoformat()})
    assert term.is_live(end - timedelta(microseconds=1))
    assert not term.is_live(end)
    assert Term.from_json(TERM).is_live(end)


def test_a_term_is_found_as_whole_words() -> None:
    assert Term.from_json({**TERM, "word": "Red  Cross"}).spans("the red cross, red\ncross and redcross") == (
        (4, 13), (15, 24)
    )  # fmt: skip
    assert Term.from_json({**TERM, "word": "c++"}).spans("c++ and c") == ((0, 3),)
    assert Term.from_json({**TERM, "word": "玉米"}).spans("吃玉米吧") == ((1, 3),)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"word": " "}, "terms: terms.word: "),
        ({"word": "!!"}, "terms: terms.word: "),
        ({"language": ""}, "terms: terms.language: "),
        ({"owner": ""}, "terms: terms.owner: "),
        ({"reason": " "}, "terms: terms.reason: "),
        ({"category": "nothing"}, "terms: terms.category: "),
        ({"kind": "maybe"}, "terms: 'maybe' is not a valid TermKind"),
        ({"scope": "there"}, "terms: 'there' is not a valid TermScope"),
        ({"expires": "soon"}, "terms: "),
        ({"expires": 3}, "terms: "),
    ],
)
def test_what_is_wrong_with_a_term_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Term.from_json({**TERM, **change})
    assert str(caught.value).removeprefix("terms: ").startswith(named.removeprefix("terms: "))


def test_an_allow_term_cannot_name_sexual_minors() -> None:
    with pytest.raises(PolicyError, match="sexual_minors"):
        Term("x", "*", TermScope.EVERYWHERE, TermKind.ALLOW, Category.SEXUAL_MINORS, "owner", "reason")


def test_a_term_without_an_owner_or_with_a_naive_expiry_raises() -> None:
    with pytest.raises(PolicyError, match=r"terms\.owner"):
        Term("x", "*", TermScope.EVERYWHERE, TermKind.DENY, Category.IP_STYLE, " ", "reason")
    with pytest.raises(PolicyError, match=r"terms\.expires"):
        naive = datetime(2027, 1, 1)  # noqa: DTZ001 - the point of the test
        Term("x", "*", TermScope.EVERYWHERE, TermKind.DENY, Category.IP_STYLE, "me", "reason", naive)
