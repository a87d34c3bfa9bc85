"""What a request must be, what it may cost, and what becomes of the words in it."""

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from studio.accounts.actions import revoke_role
from studio.accounts.models import Role, SubjectKey, User
from studio.accounts.rules import organisations_of
from studio.catalogue.models import Model
from studio.jobs import words
from studio.jobs.actions import cancel, spent
from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign, Project
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.requests import ask


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "   "),
        ("prompt", "x" * 2001),
        ("prompt", "bell\x07"),
        ("width", 100_000),
        ("height", 33),
        ("steps", 0),
        ("steps", 151),
        ("guidance", float("nan")),
        ("count", 0),
        ("count", 17),
        ("seed", -1),
    ],
)
def test_an_error_names_its_field_and_nothing_is_kept(
    campaign: Campaign, now: datetime, field: str, value: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(campaign, now, **{field: value})
    assert list(caught.value.message_dict) == [field]
    assert not Job.objects.exists()


def test_only_creators_ask(campaign: Campaign, now: datetime, sample: Sample) -> None:
    with pytest.raises(PermissionDenied, match="role of creator"):
        ask(campaign, now, actor=sample.people["auditor"])
    with pytest.raises(PermissionDenied, match="role of creator"):
        ask(campaign, now, actor=User.objects.get(username="operator"))


def test_an_unapproved_model_is_refused(campaign: Campaign, now: datetime) -> None:
    Model.objects.update(state=Model.State.UNAPPROVED, approved_by=None)
    with pytest.raises(ValidationError, match="not approved"):
        ask(campaign, now)


def test_the_budget_is_kept(campaign: Campaign, now: datetime) -> None:
    Project.objects.update(budget=3)
    ask(campaign, now, count=2)
    with pytest.raises(ValidationError, match="has 1 picture left"):
        ask(campaign, now, count=2)


def test_one_key_is_one_request(campaign: Campaign, now: datetime) -> None:
    first = ask(campaign, now, idempotency_key="k")
    assert ask(campaign, now, idempotency_key="k").pk == first.pk
    with pytest.raises(ValidationError, match="another request"):
        ask(campaign, now, idempotency_key="k", prompt="something else")
    assert Job.objects.count() == 1


def test_the_words_are_sealed_and_can_be_erased(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now, prompt="a canary called Zygomorph")
    table = Job._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")  # noqa: S608  the table's own name
        assert "Zygomorph" not in repr(cursor.fetchall())
    assert not AuditRow.objects.filter(detail__icontains="Zygomorph").exists()
    assert words.open_words(job).prompt == "a canary called Zygomorph"
    assert words.open_words(job).commitment == job.prompt_commitment
    SubjectKey.objects.all().delete()
    with pytest.raises(words.ErasedError):
        words.open_words(job)


def test_pictures_that_were_made_are_paid_for_even_when_cancelled(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now, count=3)
    Project.objects.update(budget=3)
    with pytest.raises(ValidationError, match="has 0 pictures left"):
        ask(campaign, now)
    cancel(actor=job.requester.user, job=job, at=now)
    assert spent(campaign.project) == 0
    owned = {"organisation": job.project.organisation, "project": job.project, "campaign": job.campaign}
    made = {"requester": job.requester, "model": job.model, "recipe": {}, "created": now, "changed": now}
    Picture.objects.create(job=job, index=0, width=8, height=8, **owned, **made)
    assert spent(campaign.project) == 1


def test_an_ended_request_cannot_be_cancelled(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    cancel(actor=job.requester.user, job=job, at=now)
    with pytest.raises(StaleStateError):
        cancel(actor=job.requester.user, job=job, at=now)
    assert LedgerIntent.objects.filter(row=str(job.pk)).count() == 1


def test_without_a_role_a_member_sees_nothing_any_more(campaign: Campaign, now: datetime, sample: Sample) -> None:
    creator = sample.people["creator"]
    job = ask(campaign, now)
    assert Job.objects.for_actor(creator).get() == job
    revoke_role(
        actor=sample.people["administrator"], user=creator, organisation=sample.organisation, role=Role.CREATOR, at=now
    )
    assert not Job.objects.for_actor(creator).exists()
    assert not organisations_of(creator).exists()


def test_a_key_whose_first_request_was_erased_is_refused(campaign: Campaign, now: datetime) -> None:
    ask(campaign, now, idempotency_key="k")
    SubjectKey.objects.all().delete()
    with pytest.raises(ValidationError, match="another request"):
        ask(campaign, now, idempotency_key="k")
