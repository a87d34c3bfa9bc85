"""Two at one picture, a role taken away meanwhile, and double clicks: one winner, a clear word, nothing lost.

Real threads with transactions of their own; on PostgreSQL they truly meet, on SQLite they queue.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from studio.accounts.actions import revoke_role
from studio.accounts.models import Role, User
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review import looking
from studio.review.actions import submit_for_review
from studio.review.bulk import approve_together
from studio.review.checklists import questions_under
from studio.review.models import Look, ReviewDecision, ReviewRequest
from studio.review.submitting import Described, Shared, submit_together
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.review.reviewing import approve, stages, submit

REFUSALS = (PermissionDenied, ValidationError, StaleStateError)


@pytest.fixture
def db(transactional_db: None) -> None:
    """What threads write must be seen by others, so nothing here is rolled back at the end."""


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Do all of them at the same moment in threads of their own; what each returned or was refused with."""
    start = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> object:
        try:
            start.wait(timeout=20)
            return deed()
        except REFUSALS as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def refused(results: list[object]) -> list[object]:
    return [result for result in results if isinstance(result, REFUSALS)]


def whole(review: ReviewRequest) -> None:
    """Every decision has its entry and its row, and at most one ended the review."""
    decisions = ReviewDecision.objects.filter(request=review)
    assert LedgerIntent.objects.filter(kind="decision").count() == decisions.count()
    assert AuditRow.objects.filter(verb="review.decide").count() == decisions.count()
    assert decisions.filter(final=True).count() <= 1


def test_two_reviewers_who_disagree(
    review: ReviewRequest, people: SimpleNamespace, reviewer: Callable[..., User], now: datetime
) -> None:
    second = reviewer("second")
    results = at_once(
        lambda: approve(review, people.reviewer, now),
        lambda: approve(review, second, now, outcome="REJECTED", reason="No"),
    )
    (loser,) = refused(results)
    assert isinstance(loser, StaleStateError)
    winner = ReviewDecision.objects.get()
    assert Picture.objects.get(pk=review.picture_id).state == winner.outcome
    whole(review)


def test_a_double_click_decides_once(review: ReviewRequest, people: SimpleNamespace, now: datetime) -> None:
    results = at_once(*[lambda: approve(review, people.reviewer, now)] * 4)
    assert len(refused(results)) == 3
    assert ReviewDecision.objects.count() == 1
    whole(review)


def test_a_quorum_is_filled_once(
    picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: Callable[..., User], now: datetime
) -> None:
    stages(sample.project, people.administrator, now, ("Only", 2, []))
    review = submit(picture, people.creator, now)
    everybody = [people.reviewer, *(reviewer(f"more-{n}") for n in range(3))]
    results = at_once(*[lambda who=who: approve(review, who, now) for who in everybody])  # type: ignore[misc]
    assert len(refused(results)) == 2
    assert ReviewDecision.objects.count() == 2
    assert Picture.objects.get(pk=picture.pk).state == "APPROVED"
    whole(review)


def test_a_role_that_is_taken_away_meanwhile(
    review: ReviewRequest, sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    results = at_once(
        lambda: approve(review, people.reviewer, now),
        lambda: revoke_role(
            actor=people.administrator,
            user=people.reviewer,
            organisation=sample.organisation,
            role=Role.REVIEWER,
            at=now,
        ),
    )
    decided = AuditRow.objects.filter(verb="review.decide").first()
    taken = AuditRow.objects.get(verb="role.revoke")
    if refused(results):
        assert decided is None
        assert Picture.objects.get(pk=review.picture_id).state == "IN_REVIEW"
    else:
        assert decided is not None
        assert decided.pk < taken.pk, "decided while the role was still held"
    whole(review)


def test_becoming_a_maker_while_deciding(
    picture: Picture, sample: Sample, people: SimpleNamespace, reviewer: Callable[..., User], now: datetime
) -> None:
    from studio.accounts.actions import grant_role

    both = reviewer("both")
    grant_role(actor=people.administrator, user=both, organisation=sample.organisation, role=Role.CREATOR, at=now)
    sibling = Picture.objects.get(job=picture.job_id, index=1)
    review = submit(picture, people.creator, now)
    words = {"purpose": "Poster", "channel": "poster", "alt_text": "Two stripes.", "checklist": {}}
    results = at_once(
        lambda: approve(review, both, now),
        lambda: submit_for_review(actor=both, picture=sibling, at=now, **words),
    )
    assert len(refused(results)) == 1, "either a maker or a decider of the request, never both"
    whole(review)


def test_two_who_open_the_same_picture(
    review: ReviewRequest, people: SimpleNamespace, reviewer: Callable[..., User], now: datetime
) -> None:
    everybody = [people.reviewer, *(reviewer(f"more-{n}") for n in range(3))]
    seen = at_once(*[lambda who=who: looking.begin(who, review, at=now) for who in everybody])  # type: ignore[misc]
    assert [look.mine for look in seen].count(True) == 1  # type: ignore[attr-defined]
    assert Look.objects.count() == 1


def test_approving_together_while_somebody_rejects_one(
    pictures: list[Picture], people: SimpleNamespace, reviewer: Callable[..., User], now: datetime, campaign: Campaign
) -> None:
    second = reviewer("second")
    reviews = [submit(picture, people.creator, now) for picture in pictures]
    seen = {review.pk: review.picture.sha256 for review in reviews}
    results = at_once(
        lambda: approve_together(actor=people.reviewer, reviews=reviews, seen=seen, at=now),
        lambda: approve(reviews[1], second, now, outcome="REJECTED", reason="No"),
    )
    lost = len(refused(results))
    outcome = results[0]
    assert outcome.count + len(outcome.refusals) == 3  # type: ignore[attr-defined]
    assert outcome.count == (3 if lost else 2)  # type: ignore[attr-defined]
    assert ReviewDecision.objects.count() == LedgerIntent.objects.filter(kind="decision").count() == 3
    assert AuditRow.objects.filter(verb="review.decide").count() == 3


def test_several_pictures_sent_twice_are_submitted_once(
    pictures: list[Picture], people: SimpleNamespace, now: datetime
) -> None:
    described = [Described(one, "Two stripes.", before=0) for one in pictures]
    answers = dict.fromkeys(questions_under(described[0].picture.job.policy).values(), "no")
    shared = Shared(purpose="Poster", channel="poster", due=None, answers=answers)
    both = at_once(*[lambda: submit_together(actor=people.creator, described=described, shared=shared, at=now)] * 2)
    assert both == [{}, {}]
    assert ReviewRequest.objects.count() == AuditRow.objects.filter(verb="review.submit").count() == 3
