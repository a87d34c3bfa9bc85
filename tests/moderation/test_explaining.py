"""Policies in words, example prompts, and pictures judged again from their record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.actions import Action, Mode, Stage
from moderation.categories import NOT_FOR_THRESHOLDS, Category
from moderation.decision import Decision
from moderation.errors import InputError, PolicyError
from moderation.examples import Example, Expectation
from moderation.explaining import EXPLANATION, GRADES, Direction, changes, grade, threshold_words
from moderation.pictures import PictureScreen
from moderation.policy import Limit, Policy, Threshold
from moderation.presets import FLOOR, PRESETS
from moderation.rejudging import rejudge
from moderation.terms import Term, TermKind, TermScope

AT = datetime(2026, 11, 24, tzinfo=UTC)
BOUND = st.sampled_from([None, 0.05, 0.2, 0.31, 0.5, 0.55, 0.8, 0.95])


class Fixed:
    """An opinion that is always the same."""

    revision = "0" * 64

    def __init__(self, name: str, score: float) -> None:
        self.id, self._score = name, score

    def scores(self, views: object) -> list[float]:
        return [self._score] * len(views)  # type: ignore[arg-type]


def looked_at(one: float, other: float, policy: Policy) -> Decision:
    """The decision about a harmless gradient, whatever two stand-in networks say of it."""
    pixels = np.linspace(0, 255, 64 * 64 * 3).astype(np.uint8).tobytes()
    screen = PictureScreen(first=Fixed("one", one), second=Fixed("other", other))
    return screen.screen(pixels, 64, 64, policy=policy, decision_id=str(UUID(int=1)), at=AT)


def only(threshold: Threshold) -> Policy:
    return Policy("one", (Limit(Stage.PICTURE, Category.SEXUAL_EXPLICIT, threshold),))


def rising(bounds: tuple[float | None, float | None, float | None]) -> bool:
    given = [bound for bound in bounds if bound is not None]
    return given == sorted(set(given))


SCORE = st.integers(0, 100).map(lambda hundredths: hundredths / 100)
THRESHOLD = (
    st.tuples(BOUND, BOUND, BOUND)
    .filter(rising)
    .map(lambda bounds: Threshold(annotate_at=bounds[0], review_at=bounds[1], block_at=bounds[2]))
)


@given(SCORE, SCORE, THRESHOLD, THRESHOLD)
def test_a_picture_judged_again_comes_to_what_its_screening_would_have(
    one: float, other: float, before: Threshold, after: Threshold
) -> None:
    kept = Decision.from_json(looked_at(one, other, only(before)).to_json())
    again, fresh = rejudge(kept, only(after)), looked_at(one, other, only(after))
    assert again.action is fresh.action
    assert again.policy_digest == fresh.policy_digest
    assert rejudge(kept, only(before)).action is kept.action


def test_what_nobody_scored_is_not_screened_under_any_policy() -> None:
    kept = looked_at(0.1, 0.1, only(Threshold(review_at=0.3, block_at=0.8)))
    strict = replace(FLOOR, limits=(*FLOOR.limits, Limit(Stage.PICTURE, "custom:maps", Threshold(0.1, None))))
    assert "custom:maps" in rejudge(kept, strict).not_screened()


def test_words_are_not_judged_from_their_record() -> None:
    kept = replace(looked_at(0.1, 0.1, FLOOR), stage=Stage.PROMPT)
    with pytest.raises(InputError, match="screen a prompt anew"):
        rejudge(kept, FLOOR)


def test_every_category_and_every_preset_has_words() -> None:
    assert set(EXPLANATION) >= set(Category) - NOT_FOR_THRESHOLDS
    for policy in PRESETS.values():
        for limit in policy.limits:
            bounds = (limit.threshold.annotate_at, limit.threshold.review_at, limit.threshold.block_at)
            assert all(bound is None or bound in dict(GRADES) for bound in bounds), (policy.name, limit.category)
    assert grade(0.85) == "from a score of 0.85"


def test_a_threshold_as_a_sentence() -> None:
    both = Threshold(annotate_at=0.3, review_at=0.5, block_at=0.9)
    assert threshold_words(both) == (
        "Refused when it is plain; a reviewer is asked when it is likely; noted at a faint sign."
    )
    assert threshold_words(Threshold(None, None)) == "Let through."
    assert threshold_words(None) == "Not looked for."
    watched = threshold_words(replace(both, mode=Mode.SHADOW))
    assert watched.startswith("Only watched, never acted on: refused when")


def test_changes_say_which_way_they_go() -> None:
    term = Term(
        "machete", "*", TermScope.EVERYWHERE, TermKind.ALLOW, "violence_graphic", "administrator", "A tool.", AT
    )
    before = FLOOR
    tighter = Threshold(annotate_at=None, review_at=0.3, block_at=0.6)
    limits = tuple(
        replace(limit, threshold=tighter) if limit.category == Category.SELF_HARM else limit for limit in FLOOR.limits
    )
    after = replace(before, limits=limits, terms=(term,), uncovered_language=Action.BLOCK)
    found = {change.about: change for change in changes(before, after)}
    assert set(found) == {"self_harm", "term", "uncovered_language"}
    assert found["self_harm"].direction is Direction.STRICTER
    assert found["self_harm"].after == "Refused when it is very likely; a reviewer is asked at a faint sign."
    assert found["term"].direction is Direction.LOOSER
    assert found["term"].after == "Allowed word “machete”, until 24 November 2026: A tool."
    assert {change.direction for change in changes(after, before)} == {Direction.LOOSER, Direction.STRICTER}
    assert changes(after, after) == ()


@pytest.mark.parametrize(
    ("expectation", "met"),
    [("allow", {"allow", "annotate"}), ("stop", {"review", "block"}), ("block", {"block"})],
)
def test_what_meets_an_expectation(expectation: str, met: set[str]) -> None:
    assert {action.word for action in Action if Expectation(expectation).is_met_by(action)} == met


def test_examples_are_checked() -> None:
    kept = Example("farmers in a field", Expectation.ALLOW, "en")
    assert Example.from_json(kept.to_json()) == kept
    for wrong in ({"text": " ", "expect": "allow"}, {"text": "a", "expect": "maybe"}, {"expect": "allow"}):
        with pytest.raises((PolicyError, InputError)):
            Example.from_json(wrong)


def test_a_term_has_no_effect_after_its_day() -> None:
    day = AT + timedelta(days=1)
    term = Term(
        "machete", "*", TermScope.EVERYWHERE, TermKind.ALLOW, "violence_graphic", "administrator", "A tool.", day
    )
    assert term.is_live(AT)
    assert not term.is_live(day)
