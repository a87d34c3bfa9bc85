"""A picture that the output screen holds back: sealed, unseen, decided by somebody else, or gone after its time."""

from copy import deepcopy
from datetime import datetime, timedelta

import pytest

from studio.audit.integrity import problems
from studio.jobs import finishing
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.operations.sample import Sample
from studio.policies.scope import Scope
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.review.rulings import rule_on_picture
from studio.trail.actions import pending, settle
from studio.trail.models import LedgerIntent
from tests.studio.files import sealed_file
from tests.studio.making import later, make
from tests.studio.policies import enact
from tests.studio.requests import ask


@pytest.fixture
def picture(campaign: Campaign, sample: Sample, now: datetime) -> Picture:
    """A harmless picture under a policy so strict that it holds every picture back."""
    document = deepcopy(sample.project.policies.get().document)
    document["stages"]["picture"]["sexual_explicit"] |= {"annotate_at": 1e-9, "review_at": 1e-8}
    enact(Scope(sample.organisation, sample.project), document, now)
    (picture,) = make(ask(campaign, now), now)
    assert picture.state == PictureState.QUARANTINED
    return picture


def test_it_is_sealed_and_nobody_sees_it(picture: Picture, sample: Sample) -> None:
    sealed = sealed_file(Kind.PIXELS, picture.pk).read_bytes()
    pixels = finishing.pixels_of(picture)
    assert len(pixels) == picture.width * picture.height * 3
    assert pixels[:64] not in sealed
    assert not Picture.objects.visible_to(sample.people["creator"]).exists()
    assert not Picture.objects.visible_to(sample.people["reviewer"]).exists()


def test_let_through_it_is_signed_and_recorded(picture: Picture, sample: Sample, now: datetime) -> None:
    rule_on_picture(
        actor=sample.people["reviewer"], picture=picture, let_through=True, reason="A farmer, no more.", at=now
    )
    assert finishing.finish(picture.pk, clock=lambda: later(now)) == PictureState.RECORDED


def test_refused_it_is_gone(picture: Picture, sample: Sample, now: datetime) -> None:
    rule_on_picture(actor=sample.people["reviewer"], picture=picture, let_through=False, reason="Not ours.", at=now)
    for intent in pending():
        settle(intent, at=now)
    assert not list(problems(now=now))


def test_after_its_time_it_is_discarded_with_one_entry(picture: Picture, now: datetime) -> None:
    assert finishing.expire(now=now + timedelta(days=29)) == 0
    assert finishing.expire(now=now + timedelta(days=31)) == 1
    assert finishing.expire(now=now + timedelta(days=31)) == 0
    picture.refresh_from_db()
    assert picture.state == PictureState.DISCARDED
    assert not sealed_file(Kind.PIXELS, picture.pk).exists()
    assert LedgerIntent.objects.filter(row=str(picture.pk), kind="closure").count() == 1
    for intent in pending():
        settle(intent, at=now)
    assert not list(problems(now=now))
