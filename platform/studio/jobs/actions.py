"""What a creator does: ask for pictures, and change their mind."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Sum

from studio import pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import holds, membership_of
from studio.catalogue.models import Model
from studio.faults import fault
from studio.jobs import bell, words
from studio.jobs.models import Job, Shaper
from studio.jobs.queue import close
from studio.jobs.states import JOB_ENDS, JobState, StaleStateError, advance
from studio.projects.models import Campaign
from studio.trail.actions import note

WORDLESS = ("prompt", "negative_prompt")
UNSPENT = (JobState.BLOCKED, JobState.CANCELLED, JobState.FAILED, JobState.LOST)


def submit(
    *,
    actor: User,
    campaign: Campaign,
    model: Model,
    request: Mapping[str, Any],
    language: str,
    at: datetime,
    idempotency_key: str | None = None,
) -> Job:
    """Accept a request for pictures. `request` holds the fields of a generation spec but for `model`.

    The same `idempotency_key` with the same request returns the first job. Raises PermissionDenied, or
    ValidationError naming the field.
    """
    project = campaign.project
    holds(actor, project.organisation, Role.CREATOR).enforce()
    membership = membership_of(actor, project.organisation)
    spec = _checked_spec(model, request)
    earlier = Job.objects.filter(project=project, idempotency_key=idempotency_key).first() if idempotency_key else None
    if earlier is not None:
        return _same_request(earlier, spec)
    _check_budget(campaign, spec.count)
    policy = project.policies.first()
    if policy is None:
        raise ValidationError(
            {"campaign": "This project has no published policy yet; ask an administrator to publish one."}
        )
    typed = words.fresh(spec.prompt, spec.negative_prompt)
    job = Job(
        id=uuid4(),
        project=project,
        campaign=campaign,
        requester=membership,
        model=model,
        policy=policy,
        spec={name: value for name, value in spec.to_json().items() if name not in WORDLESS},
        language=language,
        request_digest=spec.digest,
        prompt_commitment=typed.commitment,
        idempotency_key=idempotency_key,
        count=spec.count,
        progress_total=spec.steps * spec.count,
        submitted=at,
    )
    try:
        with transaction.atomic():
            job.words = words.seal_for(membership, typed, job=job)
            job.save(force_insert=True)
            Shaper.objects.create(job=job, user=actor, how="request")
            note(
                actor=actor,
                verb="job.submit",
                subject=job,
                organisation=project.organisation_id,
                at=at,
                count=spec.count,
            )
            transaction.on_commit(lambda: bell.ring_screen(job.pk))
            fault("submit before commit")
    except IntegrityError:
        # Two posts with one key raced; the other one was first.
        return _same_request(Job.objects.get(project=project, idempotency_key=idempotency_key), spec)
    fault("submit after commit")
    return job


def _checked_spec(model: Model, request: Mapping[str, Any]) -> pipeline.GenerationSpec:
    if model.state != Model.State.APPROVED:
        raise ValidationError({"model": f"{model.title} is not approved for use; choose another or ask a custodian."})
    try:
        return pipeline.GenerationSpec(model=model.slug, **request)
    except pipeline.SpecError as error:
        raise ValidationError({error.field: str(error)}) from error


def _same_request(job: Job, spec: pipeline.GenerationSpec) -> Job:
    if job.request_digest != spec.digest:
        raise ValidationError({"idempotency_key": "This key was used for another request; use a new key."})
    return job


def _check_budget(campaign: Campaign, count: int) -> None:
    jobs = Job.objects.filter(project=campaign.project_id).exclude(state__in=UNSPENT)
    spent = jobs.aggregate(total=Sum("count"))["total"] or 0
    left = campaign.project.budget - spent
    if count > left:
        raise ValidationError(
            {"count": f"The project's budget has {max(left, 0)} pictures left; ask for fewer, or for more budget."}
        )


def cancel(*, actor: User, job: Job, at: datetime) -> None:
    """Stop a request: at once while it waits, between two steps while it is being made.

    Raises PermissionDenied, or StaleStateError when it has already ended.
    """
    if actor.pk != job.requester.user_id:
        holds(actor, job.project.organisation, Role.ADMINISTRATOR).enforce()
    job.refresh_from_db()
    if job.state in JOB_ENDS:
        raise StaleStateError(job.pk, job.state)
    if job.state == JobState.GENERATING:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
            note(actor=actor, verb="job.cancel", subject=job, organisation=job.project.organisation_id, at=at)
        return
    with transaction.atomic():
        advance(Job, job.pk, job.state, JobState.CANCELLED, ended=at, cancel_requested=True)
        close(job, outcome=JobState.CANCELLED, at=at)
        note(actor=actor, verb="job.cancel", subject=job, organisation=job.project.organisation_id, at=at)
