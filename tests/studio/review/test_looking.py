"""Being looked at: a lease that ends by itself, is taken over after that, and never blocks for ever."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.review import looking
from studio.review.models import Look, ReviewRequest
from tests.studio.review.reviewing import approve, submit


@pytest.fixture
def other(reviewer: Callable[..., User]) -> User:
    """A second reviewer."""
    return reviewer("other")


def test_the_first_one_looks_and_the_second_is_told(
    review: ReviewRequest, people: SimpleNamespace, other: User, now: datetime
) -> None:
    assert looking.begin(people.reviewer, review, at=now).mine
    seen = looking.begin(other, review, at=now + timedelta(seconds=30))
    assert (seen.mine, seen.theirs, seen.name) == (False, True, "reviewer")
    with pytest.raises(ValidationError, match="reviewer is looking at it now"):
        approve(review, other, now + timedelta(seconds=30))
    approve(review, people.reviewer, now + timedelta(seconds=30))
    assert not Look.objects.exists()


def test_a_look_that_is_not_renewed_is_taken_over(
    review: ReviewRequest, people: SimpleNamespace, other: User, now: datetime
) -> None:
    looking.begin(people.reviewer, review, at=now)
    later = now + looking.LEASE
    assert looking.begin(other, review, at=later).mine
    assert not looking.renew(people.reviewer, review, at=later).mine
    approve(review, other, later)


def test_a_page_left_open_blocks_nobody_for_ever(
    review: ReviewRequest, people: SimpleNamespace, other: User, now: datetime
) -> None:
    looking.begin(people.reviewer, review, at=now)
    at, beats = now, 0
    while looking.renew(people.reviewer, review, at=at).mine:
        at, beats = at + timedelta(seconds=20), beats + 1
        assert at <= now + looking.LONGEST
    assert beats > 10
    assert looking.begin(other, review, at=at).mine
    assert looking.begin(people.reviewer, review, at=at).theirs


def test_a_person_looks_at_one_picture_at_a_time(
    pictures: list[Picture], people: SimpleNamespace, other: User, now: datetime
) -> None:
    first, second = (submit(picture, people.creator, now) for picture in pictures[:2])
    looking.begin(people.reviewer, first, at=now)
    looking.begin(people.reviewer, second, at=now)
    assert looking.begin(other, first, at=now).mine


def test_deciding_needs_no_look(review: ReviewRequest, people: SimpleNamespace, now: datetime) -> None:
    approve(review, people.reviewer, now)
    assert review.decisions.get().final
