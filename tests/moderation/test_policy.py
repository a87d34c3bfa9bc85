"""Policies: what they refuse, their digest, and inheritance without loosening."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.actions import Action, Mode, Stage
from moderation.categories import NOT_FOR_THRESHOLDS, Category, checked_category
from moderation.errors import PolicyError
from moderation.inheritance import differences, loosenings
from moderation.policy import CustomCategory, Limit, Policy, Threshold
from moderation.presets import FLOOR, PRESETS
from moderation.terms import Term, TermKind, TermScope

CATEGORIES = sorted(set(Category) - NOT_FOR_THRESHOLDS)


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    bounds = sorted(draw(st.sets(st.integers(1, 20), min_size=3, max_size=3)))
    annotate, review, block = (draw(st.sampled_from([bound / 20, None])) for bound in bounds)
    return Threshold(annotate_at=annotate, review_at=review, block_at=block, mode=draw(st.sampled_from(Mode)))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    keys = draw(st.sets(st.tuples(st.sampled_from(Stage), st.sampled_from(CATEGORIES)), min_size=1, max_size=6))
    return Policy(
        name="any",
        limits=tuple(Limit(stage, category, draw(thresholds())) for stage, category in sorted(keys)),
        uncovered_language=draw(st.sampled_from(Action)),
        on_failure=draw(st.sampled_from([Action.REVIEW, Action.BLOCK])),
        languages=draw(st.sampled_from([("en",), ("en", "sw")])),
        terms=tuple(draw(st.lists(terms(), max_size=3))),
        custom=draw(st.sampled_from([(), (CustomCategory("custom:logo", "Our logo", ("a sign", "a flag")),)])),
    )


@st.composite
def terms(draw: st.DrawFn) -> Term:
    return Term(
        word=draw(st.sampled_from(["maize", "red cross", "玉米"])),
        language="*",
        scope=draw(st.sampled_from(TermScope)),
        kind=TermKind.DENY,
        category=draw(st.sampled_from(CATEGORIES)),
        owner="reviewers",
        reason="a test",
        expires=draw(st.sampled_from([None, datetime(2027, 1, 1, tzinfo=UTC)])),
    )


def enforced(policy: Policy, stage: Stage, category: str, score: float) -> Action:
    threshold = policy.threshold(stage, category)
    return threshold.action(score) if threshold and threshold.mode is Mode.ENFORCE else Action.ALLOW


@given(policies(), policies(), st.sampled_from(Stage), st.sampled_from(CATEGORIES), st.floats(0, 1))
def test_a_child_never_loosens_without_the_right(
    parent: Policy, child: Policy, stage: Stage, category: str, score: float
) -> None:
    both = parent.tightened_by(child)
    assert enforced(both, stage, category, score) >= enforced(parent, stage, category, score)
    assert both.uncovered_language >= parent.uncovered_language
    assert both.on_failure >= parent.on_failure
    assert set(parent.terms) <= set(both.terms)


@given(policies(), policies(), st.sampled_from(Stage), st.sampled_from(CATEGORIES), st.floats(0, 1))
def test_a_child_may_always_tighten(parent: Policy, child: Policy, stage: Stage, category: str, score: float) -> None:
    both = parent.tightened_by(child)
    assert enforced(both, stage, category, score) >= enforced(child, stage, category, score)


@given(policies(), policies())
def test_a_granted_right_lets_one_category_be_loosened(parent: Policy, child: Policy) -> None:
    limit = child.limits[0]
    both = parent.tightened_by(child, may_loosen=frozenset({limit.category}))
    assert both.threshold(limit.stage, limit.category) == limit.threshold


@given(policies(), policies())
def test_what_is_refused_is_exactly_what_differs_from_the_wish(parent: Policy, child: Policy) -> None:
    both = parent.tightened_by(child)
    refused = loosenings(parent, child, may_loosen=frozenset())
    for limit in child.limits:
        granted = both.threshold(limit.stage, limit.category) == limit.threshold
        assert granted != (f"stages.{limit.stage}.{limit.category}" in refused)


@given(policies())
def test_json_brings_back_the_same_policy(policy: Policy) -> None:
    again = Policy.from_json(policy.to_json())
    assert again == policy
    assert again.digest == policy.digest


@given(policies())
def test_a_policy_tightened_by_itself_is_itself(policy: Policy) -> None:
    assert policy.tightened_by(policy) == policy


def test_nobody_is_granted_the_right_to_loosen_sexual_minors() -> None:
    with pytest.raises(PolicyError, match="may_loosen"):
        FLOOR.tightened_by(FLOOR, may_loosen=frozenset({Category.SEXUAL_MINORS}))


@pytest.mark.parametrize("category", sorted(NOT_FOR_THRESHOLDS))
def test_fixed_categories_take_no_threshold(category: str) -> None:
    with pytest.raises(PolicyError, match=category):
        Limit(Stage.PROMPT, category, Threshold(review_at=0.5, block_at=0.9))


def test_an_empty_policy_raises() -> None:
    with pytest.raises(PolicyError, match="at least one category"):
        Policy(name="empty", limits=())


def with_change(path: str, value: Any) -> dict[str, Any]:
    policy: dict[str, Any] = FLOOR.to_json()
    *way, last = path.split(".")
    part = policy
    for step in way:
        part = part[step]
    part[last] = value
    return policy


EXPLICIT = "stages.prompt.sexual_explicit"


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("name", "", "name: "),
        ("name", 3, "name: "),
        ("stages", {}, "stages: "),
        ("stages", [], "stages: "),
        ("stages.video", {}, "stages.video: "),
        ("stages.prompt", [], "stages.prompt: "),
        ("stages.prompt.violence", {"review_at": 0.5}, "stages.prompt: "),
        ("stages.prompt.sexual_minors", {"review_at": 0.5}, "stages.prompt.sexual_minors: "),
        (EXPLICIT, [], f"{EXPLICIT}."),
        (f"{EXPLICIT}.block_at", 1.5, f"{EXPLICIT}.block_at: "),
        (f"{EXPLICIT}.review_at", 0, f"{EXPLICIT}.review_at: "),
        (f"{EXPLICIT}.annotate_at", float("nan"), f"{EXPLICIT}.annotate_at: "),
        (f"{EXPLICIT}.block_at", "high", f"{EXPLICIT}.bound: "),
        (f"{EXPLICIT}.block_at", True, f"{EXPLICIT}.bound: "),
        (f"{EXPLICIT}.review_at", 0.95, f"{EXPLICIT}.review_at: "),
        (f"{EXPLICIT}.mode", "off", f"{EXPLICIT}.'off' is not a valid Mode"),
        ("languages", [], "languages: "),
        ("languages", "en", "languages: "),
        ("on_failure", "allow", "on_failure: "),
        ("on_failure", "maybe", "on_failure: "),
        ("uncovered_language", "maybe", "uncovered_language: "),
        ("uncovered_language", 2, "uncovered_language: "),
        ("terms", "maize", "terms: "),
        ("terms", [{"word": "x"}], "terms.kind: "),
        ("custom", "logo", "custom: "),
        ("custom", ["logo"], "custom: "),
        ("custom", [{"label": "x"}], "category: "),
        ("custom", [{"category": "custom:x"}], "label: "),
        ("custom", [{"category": "custom:x", "label": " "}], "custom.custom:x: "),
        ("custom", [{"category": "custom:x", "label": "x", "examples": [""]}], "custom.custom:x: "),
        ("custom", [{"category": "custom:x", "label": "x", "examples": "x"}], "custom.examples: "),
        ("custom", [{"category": "custom:Bad Slug", "label": "x"}], "custom.custom:Bad Slug: "),
        ("treshold", 1, "treshold: "),
        ("format", "other/2", "format: "),
    ],
)
def test_errors_begin_with_the_field(path: str, value: Any, named: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_json(with_change(path, value))
    assert str(caught.value).startswith(named)


def test_what_is_no_object_is_no_policy() -> None:
    with pytest.raises(PolicyError, match=r"^policy: "):
        Policy.from_json([])  # type: ignore[arg-type]


SMALL = {"name": "small", "stages": {"picture": {"ip_style": {"block_at": 1}}, "prompt": {"ip_style": {}}}}


def test_what_a_policy_does_not_say_has_its_default() -> None:
    never = Threshold(review_at=None, block_at=None)
    limits = (Limit(Stage.PROMPT, "ip_style", never), Limit(Stage.PICTURE, "ip_style", Threshold(None, 1.0)))
    plain = Policy("small", limits, ("en",), Action.REVIEW, Action.REVIEW, (), ())
    assert Policy.from_json(SMALL) == plain
    assert plain.categories(Stage.PROMPT) == plain.categories(Stage.PICTURE) == ("ip_style",)
    assert plain.threshold(Stage.PROMPT, "ip_style") == never
    assert plain.threshold(Stage.PROMPT, "self_harm") is None


def test_the_digest_is_of_the_canonical_json() -> None:
    logo = {"label": "Уход", "category": "custom:logo", "examples": ["a sign"]}
    policy = Policy.from_json({**SMALL, "custom": [logo], "on_failure": "block", "uncovered_language": "allow"})
    bounds = '{{"annotate_at":null,"block_at":{},"mode":"enforce","review_at":null}}'
    canonical = (
        '{"custom":[{"category":"custom:logo","examples":["a sign"],"label":"Уход"}],"format":"imprimatur.policy/1",'
        '"languages":["en"],"name":"small","on_failure":"block","stages":{"picture":{"ip_style":'
        + bounds.format("1")
        + '},"prompt":{"ip_style":'
        + bounds.format("null")
        + '}},"terms":[],"uncovered_language":"allow"}'
    )
    assert policy.digest == hashlib.sha256(canonical.encode()).hexdigest()


def test_every_bound_is_reached_by_its_own_score() -> None:
    threshold = Threshold(annotate_at=0.2, review_at=0.5, block_at=1.0)
    scores = (0.0, 0.19, 0.2, 0.49, 0.5, 0.99, 1.0)
    allow, note, hold, block = Action
    assert [threshold.action(score) for score in scores] == [allow, allow, note, note, hold, hold, block]
    with pytest.raises(PolicyError, match=r"^review_at: .* rise"):
        Threshold(review_at=0.5, block_at=0.5)


def test_one_category_has_one_threshold_at_a_stage() -> None:
    limit = FLOOR.limits[0]
    with pytest.raises(PolicyError, match=r"^stages: .*twice"):
        Policy("twice", (limit, limit))


def test_an_allow_term_of_a_child_needs_the_right() -> None:
    term = Term("nude", "*", TermScope.PROMPT, TermKind.ALLOW, Category.SEXUAL_EXPLICIT, "me", "colour name")
    child = Policy(name="child", limits=FLOOR.limits, terms=(term,))
    assert FLOOR.tightened_by(child).terms == ()
    assert FLOOR.tightened_by(child, may_loosen=frozenset({Category.SEXUAL_EXPLICIT})).terms == (term,)
    assert "terms.nude" in loosenings(FLOOR, child, may_loosen=frozenset())


def test_custom_examples_of_parent_and_child_are_joined() -> None:
    def policy(*examples: str) -> Policy:
        return Policy(name="p", limits=FLOOR.limits, custom=(CustomCategory("custom:logo", "Our logo", examples),))

    assert policy("one", "two").tightened_by(policy("two", "three")).custom[0].examples == ("one", "two", "three")


def test_differences_name_field_before_and_after() -> None:
    changes = {change.field: change for change in differences(PRESETS["floor"], PRESETS["humanitarian"])}
    assert changes["name"].after == "humanitarian"
    assert changes["stages.prompt.synthetic_evidence.block_at"].before == "None"
    assert changes["stages.prompt.synthetic_evidence.block_at"].after == "0.9"
    assert differences(FLOOR, FLOOR) == ()


def test_differences_name_what_came_and_what_went() -> None:
    logo = CustomCategory("custom:logo", "Our logo", ("a sign",))
    before = replace(FLOOR, languages=("en", "fr"), custom=(logo,))
    after = replace(
        FLOOR, terms=(Term("maize", "*", TermScope.EVERYWHERE, TermKind.DENY, "ip_style", "press", "agreed"),)
    )
    found = {change.field: (change.before, change.after) for change in differences(before, after)}
    assert found["languages"] == ("en, fr", ", ".join(FLOOR.languages))
    assert found["custom.custom:logo.label"] == ("Our logo", "")
    assert found["custom.custom:logo.examples"] == ("a sign", "")
    assert found["terms.maize.word"] == ("", "maize")
    assert not [field for field in found if field.startswith("stages")]


def test_every_preset_is_at_least_as_strict_as_the_floor_but_health_may_ask_a_person_instead() -> None:
    for name, preset in PRESETS.items():
        for limit in FLOOR.limits:
            mine = preset.threshold(limit.stage, limit.category)
            assert mine is not None
            for score in (0.3, 0.5, 0.6, 0.9, 0.97, 1.0):
                if name == "health" and limit.threshold.action(score) > mine.action(score):
                    assert score < 1.0 or mine.action(score) is Action.REVIEW
                else:
                    assert mine.action(score) >= limit.threshold.action(score)


def test_custom_categories_are_spelt_strictly() -> None:
    assert checked_category("custom:our-logo", field="x") == "custom:our-logo"
    for wrong in ("custom:", "custom:A", "custom:a_b", "custom:-a", "other", 3, None):
        with pytest.raises(PolicyError, match="x"):
            checked_category(wrong, field="x")
