"""Who may decide, invite and have renditions made: each rule by itself, and what it says to whom it refuses."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from studio.accounts.models import Role, User
from studio.accounts.roles import give
from studio.jobs.models import Picture, Shaper
from studio.operations.sample import Sample
from studio.review.models import ReviewRequest
from studio.review.rules import Part, invites, may_decide, may_invite, may_render, may_review, part_in, reviews
from tests.studio.review.reviewing import approve, stages, submit

SHAPED = "You shaped this request, so somebody else must decide about it."
SHAPED_TOO = "You shaped this request, so somebody else must ask for decisions about it."
NAMED = "“Review” is for the people named in the project's review."
COUNTED = "You have approved it already; the other approvals are somebody else's."
REVIEWER, CREATOR, ADMINISTRATOR = Role.REVIEWER, Role.CREATOR, Role.ADMINISTRATOR


def part(review: ReviewRequest, user: User, *roles: Role, **changes: Any) -> Part:
    """A reviewer's part in it, unless `roles` or `changes` say otherwise."""
    known: dict[str, Any] = {"shaped": False, "named": frozenset(), "counted": False}
    return Part(user, review, roles=frozenset(roles), **(known | changes))


@pytest.mark.parametrize(
    ("roles", "changes", "reason"),
    [
        ((REVIEWER,), {}, ""),
        ((REVIEWER, CREATOR), {"named": "me"}, ""),
        ((REVIEWER,), {"named": "others"}, NAMED),
        ((REVIEWER, ADMINISTRATOR), {"named": "others"}, NAMED),
        ((REVIEWER,), {"shaped": True}, SHAPED),
        ((REVIEWER,), {"shaped": True, "named": "me"}, SHAPED),
        ((REVIEWER,), {"counted": True}, COUNTED),
        ((ADMINISTRATOR, CREATOR), {}, "This needs the role of reviewer in "),
        ((), {"shaped": True}, "This needs the role of reviewer in "),
    ],
)
def test_who_reviews(
    roles: tuple[Role, ...], changes: dict[str, Any], reason: str, review: ReviewRequest, people: SimpleNamespace
) -> None:
    ruling = reviews(part(review, people.reviewer, *roles, **named(changes, people)))
    assert (ruling.allowed, reason in ruling.reason) == (not reason, True)


@pytest.mark.parametrize(
    ("roles", "changes", "reason"),
    [
        ((REVIEWER,), {}, ""),
        ((ADMINISTRATOR,), {}, ""),
        ((REVIEWER,), {"named": "me", "counted": True}, ""),
        ((REVIEWER,), {"named": "others"}, NAMED),
        ((ADMINISTRATOR,), {"named": "others"}, ""),
        ((REVIEWER,), {"shaped": True}, SHAPED_TOO),
        ((ADMINISTRATOR,), {"shaped": True}, SHAPED_TOO),
        ((CREATOR,), {"named": "me"}, "This needs the role of reviewer or administrator in "),
    ],
)
def test_who_invites(
    roles: tuple[Role, ...], changes: dict[str, Any], reason: str, review: ReviewRequest, people: SimpleNamespace
) -> None:
    ruling = invites(part(review, people.reviewer, *roles, **named(changes, people)))
    assert (ruling.allowed, reason in ruling.reason) == (not reason, True)


def named(changes: dict[str, Any], people: SimpleNamespace) -> dict[str, Any]:
    """With the people whom the stage names in place of the word for them."""
    who = {"me": people.reviewer.pk, "others": people.auditor.pk}
    return changes | ({"named": frozenset({who[changes["named"]]})} if "named" in changes else {})


def test_a_part_is_what_the_database_says_of_somebody(
    picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: Callable[..., User], now: datetime
) -> None:
    second = reviewer("second")
    stages(sample.project, people.administrator, now, ("Brand", 2, [people.reviewer, second]))
    review = submit(picture, people.creator, now)
    approve(review, people.reviewer, now)
    review = ReviewRequest.objects.get(pk=review.pk)
    both = frozenset({people.reviewer.pk, second.pk})
    assert part_in(review, people.reviewer) == part(review, people.reviewer, REVIEWER, named=both, counted=True)
    assert part_in(review, second) == part(review, second, REVIEWER, named=both)
    maker = part_in(review, people.creator)
    assert (maker.shaped, maker.counted, CREATOR in maker.roles) == (True, False, True)
    assert may_review(people.reviewer, review).reason == COUNTED
    assert may_review(second, review).allowed
    assert may_invite(second, review).allowed
    assert may_invite(people.creator, review).reason.startswith("This needs the role of reviewer or administrator")


def test_whoever_shaped_it_does_not_decide_whatever_they_are(
    picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: Callable[..., User]
) -> None:
    job, helper = picture.job, reviewer("helper")
    assert may_decide(helper, job).allowed
    Shaper.objects.create(job=job, user=helper, how="described it")
    User.objects.filter(pk=helper.pk).update(is_superuser=True)
    helper.refresh_from_db()
    give(helper, sample.organisation, ADMINISTRATOR)
    assert may_decide(helper, job).reason == SHAPED
    assert may_decide(people.reviewer, job).reason == "a reviewer, and none of its makers"
    assert may_decide(people.creator, job).reason.startswith("This needs the role of reviewer")
    assert not may_decide(people.auditor, job).allowed


@pytest.mark.parametrize(
    ("role", "whole", "crop"),
    [("creator", True, False), ("reviewer", True, True), ("administrator", True, False), ("auditor", False, False)],
)
def test_another_size_is_for_whoever_may_release_and_a_crop_for_whoever_decides(
    role: str, whole: bool, crop: bool, picture: Picture, people: SimpleNamespace
) -> None:
    user = getattr(people, role)
    allowed = [may_render(user, picture.job, crops=crops).allowed for crops in (False, True)]
    assert allowed == [whole, crop]
