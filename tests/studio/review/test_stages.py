"""Stages with a quorum: in order, nobody twice, ended by a refusal, voided by a change, each decision on record."""

import json
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from studio.accounts.models import User
from studio.audit.integrity import problems
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.operations.sample import Sample
from studio.review.actions import release
from studio.review.models import ReviewRequest
from studio.review.plans import standing
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.review.reviewing import approve, settled, stages, submit

People = Callable[..., User]


def state(picture: Picture) -> str:
    return Picture.objects.values_list("state", flat=True).get(pk=picture.pk)


def bodies() -> list[dict[str, object]]:
    """What the ledger is told about each decision, in order."""
    intents = LedgerIntent.objects.filter(kind="decision").order_by("created", "sequence", "pk")
    return [json.loads(bytes(intent.canonical))["body"] for intent in intents]


def test_one_stage_and_one_approval_where_nobody_wants_more(
    review: ReviewRequest, picture: Picture, people: SimpleNamespace, now: datetime
) -> None:
    approve(review, people.reviewer, now)
    assert state(picture) == PictureState.APPROVED
    (body,) = bodies()
    assert body["stage"] == {"name": "Review", "place": 1, "of": 1, "needed": 1}
    assert body["final"] is True


def test_a_picture_is_approved_by_the_last_stage_alone(
    picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: People, now: datetime
) -> None:
    medical = [reviewer("medical-1"), reviewer("medical-2")]
    stages(sample.project, people.administrator, now, ("Medical", 2, medical), ("Brand", 1, []))
    review = submit(picture, people.creator, now)
    with pytest.raises(PermissionDenied, match="people named"):
        approve(review, people.reviewer, now)
    for step, somebody in enumerate(medical):
        assert [one.approvals for one in standing(review)] == [step, 0]
        approve(review, somebody, now)
        assert state(picture) == PictureState.IN_REVIEW
        settled(now)
        assert [str(problem) for problem in problems(now=now)] == []
    review = ReviewRequest.objects.get(pk=review.pk)
    assert review.stage.name == "Brand"
    with pytest.raises(ValidationError, match="Only an approved picture"):
        release(actor=people.reviewer, picture=picture, at=now)
    approve(review, people.reviewer, now)
    assert state(picture) == PictureState.APPROVED
    settled(now)
    assert [str(problem) for problem in problems(now=now)] == []
    assert sorted((body["stage"]["name"], body["final"]) for body in bodies()) == [  # type: ignore[index]
        ("Brand", True), ("Medical", False), ("Medical", False),
    ]  # fmt: skip
    assert AuditRow.objects.filter(verb="review.decide").count() == 3


def test_nobody_counts_twice(picture: Picture, sample: Sample, people: SimpleNamespace, now: datetime) -> None:
    stages(sample.project, people.administrator, now, ("First", 1, []), ("Second", 1, []))
    review = submit(picture, people.creator, now)
    approve(review, people.reviewer, now)
    with pytest.raises(PermissionDenied, match="approved it already"):
        approve(review, people.reviewer, now)
    assert state(picture) == PictureState.IN_REVIEW


@pytest.mark.parametrize("outcome", ["REJECTED", "CHANGES_REQUESTED"])
def test_a_refusal_at_any_stage_ends_the_review(
    outcome: str, picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: People, now: datetime
) -> None:
    stages(sample.project, people.administrator, now, ("First", 2, []), ("Second", 1, []))
    review = submit(picture, people.creator, now)
    approve(review, people.reviewer, now)
    approve(review, reviewer("second"), now, outcome=outcome, reasons=["dignity"])
    assert state(picture) == outcome
    assert review.decisions.get(final=True).told.startswith("It does not show people")
    with pytest.raises(StaleStateError):
        approve(review, reviewer("third"), now)


def test_submitted_again_it_begins_at_the_first_stage(
    picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: People, now: datetime
) -> None:
    stages(sample.project, people.administrator, now, ("First", 1, []), ("Second", 1, []))
    review = submit(picture, people.creator, now)
    second = reviewer("second")
    approve(review, people.reviewer, now)
    approve(review, second, now, outcome="CHANGES_REQUESTED", reason="Say where.")
    again = submit(picture, people.creator, now)
    assert [one.approvals for one in standing(again)] == [0, 0]
    approve(again, second, now)
    approve(again, people.reviewer, now)
    assert state(picture) == PictureState.APPROVED


def test_a_new_plan_holds_for_new_submissions(
    pictures: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    before = submit(pictures[0], people.creator, now)
    plan = stages(sample.project, people.administrator, now, ("Only", 2, []))
    assert plan.number == 2
    approve(before, people.reviewer, now)
    assert state(pictures[0]) == PictureState.APPROVED
    after = submit(pictures[1], people.creator, now)
    approve(after, people.reviewer, now)
    assert state(pictures[1]) == PictureState.IN_REVIEW


@pytest.mark.parametrize("field", ["sha256", "pixel_sha256", "recipe_digest"])
def test_a_change_of_what_was_approved_voids_it(
    field: str, picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: People, now: datetime
) -> None:
    stages(sample.project, people.administrator, now, ("First", 1, []), ("Second", 1, []))
    review = submit(picture, people.creator, now)
    approve(review, people.reviewer, now)
    Picture.objects.filter(pk=picture.pk).update(**{field: "f" * 64})
    with pytest.raises(ValidationError, match="has changed since"):
        approve(review, reviewer("second"), now)
    assert state(picture) == PictureState.IN_REVIEW


def test_a_release_needs_an_approval_of_what_the_picture_is(
    review: ReviewRequest, picture: Picture, people: SimpleNamespace, now: datetime
) -> None:
    approve(review, people.reviewer, now)
    Picture.objects.filter(pk=picture.pk).update(pixel_sha256="f" * 64)
    picture.refresh_from_db()
    with pytest.raises(ValidationError, match="another file, policy or recipe"):
        release(actor=people.reviewer, picture=picture, at=now)


def test_a_plan_that_cannot_be_met_is_refused(
    sample: Sample, people: SimpleNamespace, reviewer: People, now: datetime
) -> None:
    one = reviewer("one")
    for wanted, reason in (
        ([], "between one and"),
        ([("", 1, [])], "a name"),
        ([("Same", 1, []), ("same", 1, [])], "the same name"),
        ([("Many", 10, [])], "between one and"),
        ([("Few", 2, [one])], "only 1 may"),
        ([("First", 1, [one]), ("Second", 1, [one])], "nobody counts twice"),
    ):
        with pytest.raises(ValidationError, match=reason):
            stages(sample.project, people.administrator, now, *wanted)
    with pytest.raises(PermissionDenied):
        stages(sample.project, people.reviewer, now, ("Mine", 1, []))
