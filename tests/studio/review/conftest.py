"""Pictures to review without a model, and more reviewers than the sample has."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest

from studio.accounts.actions import grant_role
from studio.accounts.models import Role, User
from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.models import ReviewRequest
from tests.studio.once import Once
from tests.studio.pages.printing import pictures_of, print_pictures
from tests.studio.requests import ask
from tests.studio.review.reviewing import submit


@pytest.fixture
def pictures(campaign: Campaign, now: datetime, once: Once) -> list[Picture]:
    """Three pictures of one request, signed and recorded."""
    once("three pictures", lambda: print_pictures(ask(campaign, now, count=3), now))
    return pictures_of(Job.objects.get(campaign=campaign))


@pytest.fixture
def picture(pictures: list[Picture]) -> Picture:
    """The first of them."""
    return pictures[0]


@pytest.fixture
def review(picture: Picture, people: SimpleNamespace, now: datetime) -> ReviewRequest:
    """The first of them, submitted."""
    return submit(picture, people.creator, now)


@pytest.fixture
def reviewer(sample: Sample, now: datetime) -> Callable[..., User]:
    """Makes somebody a reviewer."""

    def make(name: str, *, email: str = "") -> User:
        user = User.objects.create_user(name, email=email, is_staff=True)
        administrator = sample.people["administrator"]
        grant_role(actor=administrator, user=user, organisation=sample.organisation, role=Role.REVIEWER, at=now)
        return user

    return make
