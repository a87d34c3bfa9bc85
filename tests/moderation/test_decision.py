"""The record that is kept of every screening: each field of it, what the maker reads, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from moderation.actions import Action, Coverage, Mode, Reach, Stage, strictest
from moderation.categories import Category
from moderation.decision import Decision, Finding, decide, stamp
from moderation.errors import InputError
from moderation.policy import Threshold
from moderation.wording import meaning, remedy

BARE = Finding(Category.IP_STYLE, None, Action.ALLOW, source="", coverage=Coverage.NOT_SCREENED)
WATCHED = Finding(
    Category.SELF_HARM,
    0.123456789,
    Action.BLOCK,
    source="heads",
    revision="a" * 64,
    mode=Mode.SHADOW,
    threshold=Threshold(review_at=0.1, block_at=0.12, mode=Mode.SHADOW, annotate_at=0.05),
    detail={"span": [3, 9]},
)
TERM = Finding(
    "custom:rivals", 1.0, Action.REVIEW, source="terms", detail={"term": "acme", "reason": "agreed", "label": "Rivals"}
)
NOTED = Finding(Category.SEXUAL_EXPLICIT, 0.4, Action.ANNOTATE, source="heads")
BROKEN = Finding(Category.HATE_EXTREMISM, None, Action.REVIEW, source="heads", coverage=Coverage.ERROR)


def decided(*findings: Finding, action: Action = Action.REVIEW) -> Decision:
    return Decision(
        id="2b1f0a54",
        stage=Stage.PROMPT,
        action=action,
        findings=findings,
        language="en",
        coverage=Reach.FULL,
        raw_sha256="1" * 64,
        normalised_sha256="2" * 64,
        normalised=True,
        policy_digest="3" * 64,
        at="2026-11-24T00:00:00+00:00",
        latency_ms=1.23456,
    )


def test_the_record_is_these_fields() -> None:
    assert decided(WATCHED).to_json() == {
        "format": "imprimatur.decision/1",
        "id": "2b1f0a54",
        "stage": "prompt",
        "action": "review",
        "findings": [
            {
                "category": "self_harm",
                "score": 0.123457,
                "action": "block",
                "source": "heads",
                "revision": "a" * 64,
                "coverage": "screened",
                "mode": "shadow",
                "threshold": {"annotate_at": 0.05, "review_at": 0.1, "block_at": 0.12, "mode": "shadow"},
                "detail": {"span": [3, 9]},
            }
        ],
        "language": "en",
        "coverage": "full",
        "raw_sha256": "1" * 64,
        "normalised_sha256": "2" * 64,
        "normalised": True,
        "policy_digest": "3" * 64,
        "at": "2026-11-24T00:00:00+00:00",
        "latency_ms": 1.235,
    }
    assert BARE.to_json() == {
        "category": "ip_style",
        "score": None,
        "action": "allow",
        "source": "",
        "revision": "",
        "coverage": "not_screened",
        "mode": "enforce",
        "threshold": None,
        "detail": {},
    }


def test_the_record_is_read_back_whole() -> None:
    decision = decided(BARE, replace(WATCHED, score=0.5), TERM, BROKEN)
    again = Decision.from_json(decision.to_json())
    assert again == decision
    assert again.latency_ms == 1.235
    assert replace(again, latency_ms=9.0) == again


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stage": "video"}, "'video' is not a valid Stage"),
        ({"action": "maybe"}, "action: 'maybe' is no action"),
        ({"coverage": "some"}, "'some' is not a valid Reach"),
        ({"findings": None}, "decision: TypeError"),
        ({"findings": [{**BARE.to_json(), "action": "no"}]}, "findings.action: 'no' is no action"),
        ({"findings": [{**BARE.to_json(), "threshold": {"review_at": 2}}]}, "findings.threshold.review_at: 2 must"),
    ],
)
def test_what_is_no_record_is_refused_by_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        Decision.from_json({**decided(BARE).to_json(), **change})
    assert says in str(caught.value)


@pytest.mark.parametrize("field", sorted(decided(BARE).to_json().keys() - {"format"}))
def test_no_field_may_be_missing(field: str) -> None:
    record = decided(BARE).to_json()
    del record[field]
    with pytest.raises(InputError, match=f"decision: KeyError\\('{field}'\\)"):
        Decision.from_json(record)


def test_makers_read_what_was_enforced_the_strictest_first_and_nothing_twice() -> None:
    decision = decided(NOTED, BARE, WATCHED, TERM, BROKEN, TERM)
    assert decision.reasons() == (
        "It falls under your organisation's category 'Rivals'. Your organisation's rule on 'acme' applies: agreed.",
        "A part of the check did not work, so a person has to look.",
        meaning(Category.SEXUAL_EXPLICIT),
    )
    assert decision.changes() == (
        remedy(Category.SEXUAL_EXPLICIT),
        remedy("custom:rivals"),
        remedy(Category.HATE_EXTREMISM),
    )
    assert decided(replace(NOTED, category=Category.SEXUAL_MINORS)).changes() == ()


def test_how_to_appeal_is_said_only_where_something_was_held() -> None:
    held, passed = decided(NOTED), decided(NOTED, action=Action.ANNOTATE)
    appeal = "If this is a mistake, appeal and say what the picture is for. Reference: 2b1f0a54."
    assert held.remedies() == (*held.changes(), appeal)
    assert passed.remedies() == passed.changes()


def test_categories_are_named_by_how_strictly_they_were_enforced() -> None:
    decision = decided(NOTED, TERM, BARE, WATCHED, TERM)
    assert decision.categories(Action.ANNOTATE) == (Category.SEXUAL_EXPLICIT, "custom:rivals")
    assert decision.categories(Action.REVIEW) == ("custom:rivals",)
    assert decision.categories(Action.BLOCK) == ()
    assert decision.not_screened() == (Category.IP_STYLE,)


def test_the_strictest_enforced_finding_decides() -> None:
    assert decide((NOTED, TERM, WATCHED)) is Action.REVIEW
    assert decide((WATCHED,)) is decide(()) is strictest([]) is Action.ALLOW


def test_the_time_of_a_decision_has_a_zone() -> None:
    assert stamp(datetime(2026, 11, 24, 1, 2, tzinfo=UTC)) == "2026-11-24T01:02:00+00:00"
    with pytest.raises(InputError, match=r"^at: "):
        stamp(datetime(2026, 11, 24))  # noqa: DTZ001 - the point of the test
