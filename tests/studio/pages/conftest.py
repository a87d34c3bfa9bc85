"""Signed-in browsers by role, somebody of another organisation, and pictures that want nothing but a model."""

from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from studio import pipeline
from studio.accounts.actions import found_organisation, grant_role
from studio.accounts.models import Role, User
from studio.catalogue.models import Lesson
from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.actions import decide, release, submit_for_review
from studio.review.models import ReviewRequest
from studio.review.releasing import finish_release
from studio.trail.actions import pending, settle
from tests.studio.lessons import ask_lesson
from tests.studio.once import Once
from tests.studio.pages.printing import pictures_of, print_pictures
from tests.studio.requests import ask
from tests.studio.signing import signed_in

WORDS: dict[str, Any] = {
    "purpose": "Poster at the clinic",
    "channel": "poster",
    "alt_text": "A plain blue picture.",
    "checklist": {"Is it respectful?": "yes"},
}


@pytest.fixture(autouse=True)
def quiet_office(settings: LazySettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the test's own, and a broker that nobody listens to."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    # The accounts are many and their passwords unused: no second is spent on hashing them well.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browse(people: SimpleNamespace) -> Callable[[str], Client]:
    """A browser signed in as the person with this role; `browse("")` is a visitor's."""

    def browser(role: str) -> Client:
        return signed_in(getattr(people, role)) if role else Client()

    return browser


@pytest.fixture
def outsider(sample: Sample, now: datetime) -> Client:
    """Somebody who holds every role, in another organisation."""
    operator = User.objects.get(username="operator")
    other = found_organisation(actor=operator, slug="elsewhere", name="Elsewhere", at=now)
    user = User.objects.create_user("outsider", is_staff=True)
    for role in Role:
        grant_role(actor=operator, user=user, organisation=other, role=role, at=now)
    return signed_in(user)


@pytest.fixture
def job(campaign: Campaign, now: datetime, once: Once) -> Job:
    """A request of the creator, not yet screened."""
    once("job", lambda: ask(campaign, now, count=2))
    return Job.objects.select_related("project__organisation").get(campaign=campaign)


@pytest.fixture
def picture(job: Job, now: datetime, once: Once) -> Picture:
    """The first of the request's two pictures, signed and recorded."""
    once("pictures", lambda: print_pictures(job, now))
    job.refresh_from_db()
    return pictures_of(job)[0]


@pytest.fixture
def lesson(sample: Sample, now: datetime) -> Lesson:
    """A lesson for the sample's model, which nobody has begun."""
    return ask_lesson(sample.model, now)


@pytest.fixture
def review(picture: Picture, people: SimpleNamespace, now: datetime, once: Once) -> ReviewRequest:
    """The picture, submitted for review."""
    once("review", lambda: submit_for_review(actor=people.creator, picture=picture, at=now, **WORDS))
    picture.refresh_from_db()
    return ReviewRequest.objects.get(picture=picture)


@pytest.fixture
def approved(review: ReviewRequest, people: SimpleNamespace, now: datetime, once: Once) -> Picture:
    """The picture, approved."""
    picture = review.picture
    seen = picture.sha256
    once(
        "approved",
        lambda: decide(actor=people.reviewer, request=review, outcome="APPROVED", reason="", seen_sha256=seen, at=now),
    )
    picture.refresh_from_db()
    return picture


@pytest.fixture
def released(approved: Picture, people: SimpleNamespace, now: datetime, once: Once) -> Picture:
    """The picture, released, and everything it owes the ledger settled."""

    def finish() -> None:
        assert finish_release(release(actor=people.reviewer, picture=approved, at=now).pk, at=now)
        for intent in pending():
            settle(intent, at=now)

    once("released", finish)
    approved.refresh_from_db()
    return approved


@pytest.fixture
def ledger_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that finds the ledger unreachable."""

    def unreachable(data: bytes) -> None:
        raise pipeline.LedgerUnavailableError("the ledger does not answer")

    monkeypatch.setattr(pipeline, "verify_stranger", unreachable)
