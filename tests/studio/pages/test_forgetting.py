"""A person who asked for it is erased: nothing of theirs is in any store, all still agrees, and it is on record."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from studio.accounts.actions import close_account, found_organisation, grant_role
from studio.accounts.models import Membership, Role, SubjectKey, User
from studio.audit.integrity import problems
from studio.jobs.models import Job, Picture
from studio.jobs.states import PictureState
from studio.jobs.tasks import settle_pending
from studio.jobs.words import ErasedError, open_words
from studio.operations.forgetting import erase_person
from studio.operations.holding import lift_hold, place_hold
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.files import signed_file
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

Browse = Callable[[str], Client]
CANARY = "canary7f3a91"


@pytest.fixture
def leaver(sample: Sample, now: datetime) -> Membership:
    """A creator whose name, address and words can be looked for."""
    user = User.objects.create_user(CANARY, email=f"{CANARY}@aid.example", first_name=CANARY, password="x")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    administrator = sample.people["administrator"]
    return grant_role(actor=administrator, user=user, organisation=sample.organisation, role=Role.CREATOR, at=now)


@pytest.fixture
def job(leaver: Membership, campaign: Campaign, now: datetime) -> Job:
    """A request of theirs, with a picture that nobody released."""
    job = ask(campaign, now, actor=leaver.user, negative_prompt=CANARY)
    print_pictures(job, now)
    job.refresh_from_db()
    return job


def closed(leaver: Membership, sample: Sample, now: datetime) -> dict[str, object]:
    close_account(actor=sample.people["administrator"], membership=leaver, at=now)
    return {"actor": sample.people["administrator"], "membership": leaver, "at": now}


def everywhere(text: str) -> Iterator[str]:
    """Where it is: rows of every table, and names and bytes of every file but those of Django's own database."""
    for model in apps.get_models():
        for row in model._base_manager.values_list():
            cells = [bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]
            if text in repr(cells):
                yield model.__name__
    for path in settings.VAR.rglob("*"):
        if "studio.sqlite3" not in path.name and (
            text in path.name or (path.is_file() and text.encode() in path.read_bytes())
        ):
            yield path.name


def test_nothing_of_a_person_is_left_and_the_ledger_verifies(
    leaver: Membership, job: Job, sample: Sample, now: datetime
) -> None:
    picture = Picture.objects.get(job=job)
    assert open_words(job).negative_prompt == CANARY
    assert {"User", "EmailAddress"} <= set(everywhere(CANARY)), "it looks where it is"
    assert signed_file(picture.sha256).exists()
    before = str(leaver.pseudonym)
    erase_person(**closed(leaver, sample, now))  # type: ignore[arg-type]
    settle_pending.run()
    assert list(everywhere(CANARY)) == []
    assert not signed_file(picture.sha256).exists()
    assert not SubjectKey.objects.filter(membership=leaver).exists()
    job.refresh_from_db()
    with pytest.raises(ErasedError):
        open_words(job)
    picture.refresh_from_db()
    assert picture.state == PictureState.DISCARDED
    assert list(problems(now=now)) == []
    user = User.objects.get(pk=leaver.user_id)
    assert (user.is_active, user.has_usable_password(), user.email) == (False, False, "")
    entry = LedgerIntent.objects.get(row=before, kind="erasure")
    assert not Membership.objects.filter(pseudonym=before).exists(), "what entries name leads to nobody"
    assert (entry.sequence is not None, b'"what":"person"' in bytes(entry.canonical)) == (True, True)
    assert AuditRow.objects.filter(verb="user.erase", object_id=str(user.pk)).count() == 1


def test_words_alone_do_not_come_back_with_their_bytes(
    leaver: Membership, job: Job, sample: Sample, now: datetime
) -> None:
    copy = bytes(job.words)
    erase_person(**closed(leaver, sample, now))  # type: ignore[arg-type]
    Job.objects.filter(pk=job.pk).update(words=copy)
    job.refresh_from_db()
    with pytest.raises(ErasedError):
        open_words(job)


def test_whoever_belongs_elsewhere_too_keeps_their_account(
    leaver: Membership, job: Job, sample: Sample, now: datetime
) -> None:
    operator = User.objects.get(username="operator")
    other = found_organisation(actor=operator, slug="elsewhere", name="Elsewhere", at=now)
    grant_role(actor=operator, user=leaver.user, organisation=other, role=Role.CREATOR, at=now)
    erase_person(**closed(leaver, sample, now))  # type: ignore[arg-type]
    user = User.objects.get(pk=leaver.user_id)
    assert (user.username, user.is_active) == (CANARY, True)
    assert not SubjectKey.objects.filter(membership=leaver).exists()


def test_the_last_organisation_that_erases_somebody_ends_their_account(
    leaver: Membership, sample: Sample, now: datetime
) -> None:
    operator = User.objects.get(username="operator")
    other = found_organisation(actor=operator, slug="elsewhere", name="Elsewhere", at=now)
    there = grant_role(actor=operator, user=leaver.user, organisation=other, role=Role.CREATOR, at=now)
    erase_person(**closed(leaver, sample, now))  # type: ignore[arg-type]
    close_account(actor=operator, membership=there, at=now)
    erase_person(actor=operator, membership=there, at=now)
    assert User.objects.get(pk=leaver.user_id).username.startswith("erased-")
    assert list(everywhere(CANARY)) == []


def test_what_waits_or_is_held_is_said_and_nothing_goes(
    leaver: Membership, job: Job, sample: Sample, campaign: Campaign, now: datetime
) -> None:
    administrator = sample.people["administrator"]
    wanted = {"actor": administrator, "membership": leaver, "at": now}
    with pytest.raises(ValidationError, match="Close their account first"):
        erase_person(**wanted)  # type: ignore[arg-type]
    held: UUID = job.project_id
    hold = place_hold(actor=administrator, organisation=sample.organisation, subject=held, reason="Court", at=now)
    closed(leaver, sample, now)
    with pytest.raises(ValidationError, match="held for an inquiry"):
        erase_person(**wanted)  # type: ignore[arg-type]
    lift_hold(actor=administrator, hold=hold, organisation=sample.organisation, at=now)
    Picture.objects.filter(job=job).update(state=PictureState.IN_REVIEW)
    with pytest.raises(ValidationError, match="1 of their requests and pictures still wait"):
        erase_person(**wanted)  # type: ignore[arg-type]
    assert SubjectKey.objects.filter(membership=leaver).exists()
    Picture.objects.filter(job=job).update(state=PictureState.RECORDED)
    with pytest.raises(PermissionDenied):
        erase_person(**{**wanted, "actor": sample.people["reviewer"]})  # type: ignore[arg-type]
    erase_person(**wanted)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="erased already"):
        erase_person(**wanted)  # type: ignore[arg-type]


def test_the_page_wants_the_name_once_more(
    leaver: Membership, job: Job, sample: Sample, browse: Browse, outsider: Client, now: datetime
) -> None:
    place = reverse("organisation-person-erase", args=[sample.organisation.pk, leaver.pk])
    person = reverse("organisation-person", args=[sample.organisation.pk, leaver.pk])
    assert outsider.get(place).status_code == 404
    assert browse("auditor").post(place, {"name": CANARY}).status_code == 403
    administrator = browse("administrator")
    assert place not in administrator.get(person).content.decode(), "they are still here"
    closed(leaver, sample, now)
    assert place in administrator.get(person).content.decode()
    wrong = administrator.post(place, {"name": "somebody"})
    assert (wrong.status_code, "This is not their user name." in wrong.content.decode()) == (422, True)
    assert SubjectKey.objects.filter(membership=leaver).exists()
    done = administrator.post(place, {"name": CANARY}, follow=True)
    assert "They are erased" in done.content.decode()
    assert CANARY not in done.content.decode()
    again = administrator.post(place, {"name": User.objects.get(pk=leaver.user_id).username})
    assert (again.status_code, "erased already" in again.content.decode()) == (422, True)
