"""What is kept long enough goes, leaves a tombstone, and everything still agrees; what is held stays."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from studio import blobs
from studio.accounts.models import Retention
from studio.audit.integrity import problems, unreferred
from studio.jobs import erasing, finishing
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState
from studio.jobs.words import ErasedError, open_words
from studio.operations.holding import keep_for, lift_hold, place_hold
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.actions import pending, settle
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, Hold, LedgerIntent
from tests.studio.files import signed_file
from tests.studio.pages.printing import hold_back, print_pictures
from tests.studio.requests import ask
from tests.studio.signing import signed_in


@pytest.fixture
def pictures(campaign: Campaign, now: datetime) -> list[Picture]:
    """Two pictures that nobody has released."""
    return print_pictures(ask(campaign, now, count=2), now)


def keep(sample: Sample, now: datetime, **days: int | None) -> None:
    words = {"held": None, "unreleased": None, "words": None} | days
    keep_for(actor=sample.people["administrator"], organisation=sample.organisation, at=now, **words)


def settled(now: datetime) -> None:
    for intent in pending():
        settle(intent, at=now)


def test_nothing_goes_unless_it_was_said(pictures: list[Picture], now: datetime) -> None:
    assert erasing.erase_due(now=now + timedelta(days=10_000)) == 0


def test_an_unreleased_picture_goes_and_leaves_a_tombstone(
    pictures: list[Picture], sample: Sample, now: datetime
) -> None:
    keep(sample, now, unreleased=30)
    assert erasing.erase_due(now=now + timedelta(days=29)) == 0
    assert erasing.erase_due(now=now + timedelta(days=31)) == 2
    assert erasing.erase_due(now=now + timedelta(days=31)) == 0
    for picture in pictures:
        picture.refresh_from_db()
        assert picture.state == PictureState.DISCARDED
        assert not signed_file(picture.sha256).exists()
        assert LedgerIntent.objects.filter(row=str(picture.pk), kind="erasure").count() == 1
    settled(now)
    assert not list(problems(now=now))
    assert not Picture.objects.visible_to(sample.people["creator"]).exists()


def test_what_is_held_at_the_last_moment_stays(pictures: list[Picture], sample: Sample, now: datetime) -> None:
    keep(sample, now, unreleased=1, words=1)
    later = now + timedelta(days=2)
    due, jobs = list(erasing.due_pictures(PictureState.RECORDED, now=later)), list(erasing.due_words(now=later))
    administrator = sample.people["administrator"]
    place_hold(
        actor=administrator, organisation=sample.organisation, subject=pictures[0].pk, reason="A court", at=later
    )
    with pytest.raises(StaleStateError):
        erasing.erase_picture(next(one for one in due if one.pk == pictures[0].pk), at=later)
    erasing.erase_picture(next(one for one in due if one.pk == pictures[1].pk), at=later)
    with pytest.raises(StaleStateError):
        erasing.erase_words(jobs[0], at=later)
    assert signed_file(pictures[0].sha256).exists()


def test_a_crash_before_the_file_went_leaves_nothing_for_good(
    pictures: list[Picture], sample: Sample, now: datetime
) -> None:
    keep(sample, now, unreleased=1)
    kept = signed_file(pictures[0].sha256).read_bytes()
    erasing.erase_due(now=now + timedelta(days=2))
    signed_file(pictures[0].sha256).write_bytes(kept)
    assert [place.name for place in unreferred(now + timedelta(days=3))] == [blobs.blob(pictures[0].sha256).name]


def test_words_go_and_the_picture_stays(pictures: list[Picture], sample: Sample, now: datetime) -> None:
    keep(sample, now, words=10)
    job = pictures[0].job
    assert erasing.erase_due(now=now + timedelta(days=11)) == 1
    job.refresh_from_db()
    with pytest.raises(ErasedError):
        open_words(job)
    entry = LedgerIntent.objects.get(row=str(job.pk), kind="erasure")
    assert b"woman" not in bytes(entry.canonical)
    settled(now)
    assert not list(problems(now=now))
    page = signed_in(sample.people["creator"]).get(reverse("request", args=[job.pk]))
    assert page.status_code == 200
    assert "woman farmer" not in page.content.decode()


def test_words_that_are_still_needed_stay(pictures: list[Picture], sample: Sample, now: datetime) -> None:
    keep(sample, now, words=10)
    Picture.objects.filter(pk=pictures[0].pk).update(state=PictureState.APPROVED)
    assert erasing.erase_due(now=now + timedelta(days=11)) == 0
    Picture.objects.filter(pk=pictures[0].pk).update(state=PictureState.RECORDED)
    Job.objects.update(state=JobState.GENERATING, token=pictures[0].pk, lease=now)
    assert erasing.erase_due(now=now + timedelta(days=11)) == 0


def test_a_picture_held_back_is_kept_as_long_as_the_organisation_says(
    campaign: Campaign, sample: Sample, now: datetime
) -> None:
    picture = hold_back(ask(campaign, now), now)
    keep(sample, now, held=3)
    assert finishing.expire(now=now + timedelta(days=2)) == 0
    hold = place_hold(
        actor=sample.people["administrator"],
        organisation=sample.organisation,
        subject=picture.pk,
        reason="Court.",
        at=now,
    )
    assert finishing.expire(now=now + timedelta(days=4)) == 0
    lift_hold(actor=sample.people["administrator"], hold=hold, organisation=sample.organisation, at=now)
    assert finishing.expire(now=now + timedelta(days=4)) == 1


@pytest.mark.parametrize("what", ["project", "picture"])
def test_what_is_held_stays(what: str, pictures: list[Picture], sample: Sample, now: datetime) -> None:
    keep(sample, now, unreleased=1, words=1)
    administrator, organisation = sample.people["administrator"], sample.organisation
    subject = sample.project.pk if what == "project" else pictures[0].pk
    later = now + timedelta(days=9)
    hold = place_hold(actor=administrator, organisation=organisation, subject=subject, reason="Inquiry.", at=now)
    with pytest.raises(ValidationError, match="held already"):
        place_hold(actor=administrator, organisation=organisation, subject=subject, reason="Again.", at=now)
    assert erasing.erase_due(now=later) == (0 if what == "project" else 1)
    pictures[0].refresh_from_db()
    assert pictures[0].state == PictureState.RECORDED
    assert open_words(Job.objects.get()).prompt
    lift_hold(actor=administrator, hold=hold, organisation=organisation, at=now)
    assert erasing.erase_due(now=later) > 0
    assert {"hold.place", "hold.lift", "retention.set"} <= set(AuditRow.objects.values_list("verb", flat=True))


def test_only_administrators_say_what_is_kept(sample: Sample, now: datetime) -> None:
    with pytest.raises(PermissionDenied):
        keep_for(actor=sample.people["auditor"], organisation=sample.organisation, words=1, at=now)
    for reason, subject in (("", sample.project.pk), ("Why not.", sample.organisation.pk)):
        with pytest.raises(ValidationError):
            place_hold(
                actor=sample.people["administrator"],
                organisation=sample.organisation,
                subject=subject,
                reason=reason,
                at=now,
            )


def test_the_page_says_what_goes_next(pictures: list[Picture], sample: Sample, now: datetime) -> None:
    where = reverse("organisation-retention", args=[sample.organisation.pk])
    assert Client().get(where).status_code == 302
    assert signed_in(sample.people["creator"]).get(where).status_code == 403
    assert signed_in(sample.people["auditor"]).get(where).status_code == 200
    assert signed_in(sample.people["auditor"]).post(where, {"move": "days", "words": "1"}).status_code == 403
    client = signed_in(sample.people["administrator"])
    assert client.post(where, {"move": "days", "unreleased": "0"}).status_code == 422
    assert client.post(where, {"move": "days", "unreleased": "5", "words": ""}).status_code == 302
    assert (Retention.objects.get().unreleased, Retention.objects.get().words) == (5, None)
    page = client.get(where).content.decode()
    assert "2 more within a week" in page
    assert client.post(where, {"move": "hold", "subject": "nothing", "reason": "x"}).status_code == 422
    address = f"http://testserver{reverse('picture', args=[pictures[0].pk])}"
    assert client.post(where, {"move": "hold", "subject": address, "reason": "A complaint."}).status_code == 302
    page = client.get(where).content.decode()
    assert "1 more within a week" in page
    assert "A complaint." in page
    assert client.post(where, {"move": "lift", "hold": str(Hold.objects.get().pk)}).status_code == 302
    assert "Lifted by administrator" in client.get(where).content.decode()
