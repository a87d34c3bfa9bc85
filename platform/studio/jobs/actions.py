"""What a creator does: ask for pictures, and change their mind."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studio import pipeline, tracing
from studio.accounts.models import Role, User
from studio.accounts.rules import holds, membership_of
from studio.catalogue.licence_gate import refuse_request
from studio.catalogue.models import Model
from studio.faults import fault
from studio.jobs import bell, quotas, reference, words
from studio.jobs.descent import NONE, Descent, checked_descent
from studio.jobs.models import Job, Shaper
from studio.jobs.queue import close
from studio.jobs.quotas import UNSPENT
from studio.jobs.states import JOB_ENDS, JobState, advance
from studio.offering import Offered, checked_rights
from studio.projects.models import Campaign, PolicyVersion, Project
from studio.trail.actions import note
from studio.trail.errors import StaleStateError


def submit(
    *,
    actor: User,
    campaign: Campaign,
    model: Model,
    request: Mapping[str, Any],
    language: str,
    at: datetime,
    idempotency_key: str | None = None,
    offered: Offered | None = None,
    descent: Descent = NONE,
) -> Job:
    """Accept a request for pictures, from the picture `offered` where there is one.

    `request` holds the fields of a generation spec but for `model` and `reference_sha256`.

    The same `idempotency_key` with the same request returns the first job. Raises PermissionDenied, or
    ValidationError naming the field.
    """
    project = campaign.project
    spec, policy = checked(actor=actor, campaign=campaign, model=model, request=request, offered=offered)
    checked_descent(descent, actor=actor, project=project)
    membership = membership_of(actor, project.organisation)
    rights = checked_rights(offered) if offered else ""
    typed = words.fresh(spec.prompt, spec.negative_prompt, rights, credentialed=bool(offered and offered.file))
    job = _job(spec, typed)
    job.project, job.campaign, job.model, job.policy = project, campaign, model, policy
    job.requester, job.language, job.idempotency_key, job.submitted = membership, language, idempotency_key, at
    job.again_of, job.origin, job.relation = descent.again_of, descent.origin, descent.relation
    job.words = words.seal_for(membership, typed, job=job)
    accepted: Job | None = None
    try:
        # A file before its row, as everywhere: the sweeper clears what a crash leaves between them.
        if offered is not None:
            reference.keep(job, offered)
        accepted = accept(job, typed, actor=actor, at=at)
    finally:
        if offered is not None and accepted is not job:
            reference.forget(job.pk)
    fault("submit after commit")
    return accepted


def checked(
    *, actor: User, campaign: Campaign, model: Model, request: Mapping[str, Any], offered: Offered | None = None
) -> tuple[pipeline.GenerationSpec, PolicyVersion]:
    """Everything that is judged about a request before it is written down, but for the budget; nothing is kept.

    Raises as `submit`.
    """
    project = campaign.project
    holds(actor, project.organisation, Role.CREATOR).enforce()
    if offered:
        checked_rights(offered)
    spec = _checked_spec(project, model, _starting(request, offered))
    refuse_request(model, project.pk)
    policy = project.policies.first()
    if policy is None:
        remedy = _("This project has no published policy yet; ask an administrator to publish one.")
        raise ValidationError({"campaign": remedy})
    return spec, policy


def accept(job: Job, typed: words.Words, *, actor: User, at: datetime) -> Job:
    """Write the request down, unless its key brought it before or the budget is spent; returns the job that counts."""
    project, idempotency_key = job.project, job.idempotency_key
    with tracing.step("submit", job.pk, first=True, count=job.count), transaction.atomic():
        quotas.lock(project.organisation_id)
        # The project's row is the lock for its budget and its idempotency keys; what refers to it may be written.
        locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        earlier = (
            Job.objects.filter(project=project, idempotency_key=idempotency_key).first() if idempotency_key else None
        )
        if earlier is not None:
            return _same_request(earlier, job, typed)
        _check_budget(locked, job.count)
        quotas.check(job.requester, job.count, at=at)
        job.save(force_insert=True)
        Shaper.objects.create(job=job, user=actor, how="request")
        note(actor=actor, verb="job.submit", subject=job, organisation=project.organisation_id, at=at, count=job.count)
        transaction.on_commit(lambda: bell.ring_screen(job.pk))
        fault("submit before commit")
    return job


def _job(spec: pipeline.GenerationSpec, typed: words.Words) -> Job:
    """The part of a job's row that says what is asked for."""
    fields = spec.to_json()
    return Job(
        id=uuid4(),
        spec={name: value for name, value in fields.items() if name not in words.TYPED},
        request_digest=words.request_digest(fields, typed),
        prompt_commitment=typed.commitment,
        count=spec.count,
        progress_total=spec.steps * spec.count,
    )


def _starting(request: Mapping[str, Any], offered: Offered | None) -> Mapping[str, Any]:
    """The request with the digest of the picture it starts from."""
    return request if offered is None else {**request, "reference_sha256": offered.picture.pixel_sha256}


def _checked_spec(project: Project, model: Model, request: Mapping[str, Any]) -> pipeline.GenerationSpec:
    if model.state != Model.State.APPROVED or model.organisation_id != project.organisation_id:
        raise ValidationError(
            {
                "model": _("%(title)s is not approved for use; choose another or ask a custodian.")
                % {"title": model.title}
            }
        )
    try:
        spec = pipeline.GenerationSpec(model=model.slug, **request)
        pipeline.check_spec(spec, family=model.family, folder=Path(model.folder))
    except pipeline.SpecError as error:
        if error.field == "reference_sha256":
            raise ValidationError({"reference": f"{error.message[:1].upper()}{error.message[1:]}."}) from error
        raise ValidationError({error.field: str(error)}) from error
    except pipeline.ModelFolderError as error:
        remedy = _("The files of %(title)s cannot be read; choose another model, or ask a custodian to look.") % {
            "title": model.title
        }
        raise ValidationError({"model": remedy}) from error
    return spec


def _same_request(earlier: Job, job: Job, typed: words.Words) -> Job:
    """The earlier job of an idempotency key, if it asked for the same."""
    fields = ("spec", "campaign_id", "language", "requester_id")
    same = all(getattr(earlier, name) == getattr(job, name) for name in fields)
    try:
        before = words.open_words(earlier)
        same = same and replace(before, salt="") == replace(typed, salt="")
    except words.ErasedError:
        same = False
    if not same:
        raise ValidationError({"idempotency_key": "This key was used for another request; use a new key."})
    return earlier


def spent(project: Project) -> int:
    """Pictures of the project's budget that were made, or are still to be."""
    return spent_by_project([project]).get(project.pk, 0)


def spent_by_project(projects: Iterable[Project]) -> dict[UUID, int]:
    """The same for several projects at once, by their keys; a project that spent nothing may be missing."""
    jobs = Job.objects.filter(project__in=list(projects)).order_by()
    promised = jobs.exclude(state__in=UNSPENT).values_list("project").annotate(n=Sum("count"))
    made = jobs.filter(state__in=UNSPENT).values_list("project").annotate(n=Count("pictures"))
    return dict(Counter(dict(promised)) + Counter(dict(made)))


def left(project: Project) -> int:
    """Pictures that may still be asked for in the project."""
    return max(project.budget - spent(project), 0)


def _check_budget(project: Project, count: int) -> None:
    remaining = left(project)
    if count > remaining:
        remedy = ngettext(
            "The project's budget has %(n)s picture left; ask for fewer, or for more budget.",
            "The project's budget has %(n)s pictures left; ask for fewer, or for more budget.",
            remaining,
        ) % {"n": remaining}
        raise ValidationError({"count": remedy})


def cancel(*, actor: User, job: Job, at: datetime) -> None:
    """Stop a request: at once while it waits, between two steps while it is being made.

    Raises PermissionDenied, or StaleStateError when it has already ended.
    """
    organisation = job.project.organisation
    if actor.pk != job.requester.user_id:
        holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        state = Job.objects.select_for_update().values_list("state", flat=True).get(pk=job.pk)
        if state in JOB_ENDS:
            raise StaleStateError(job.pk, job.state)
        if state == JobState.GENERATING:
            Job.objects.filter(pk=job.pk).update(cancel_requested=True)
        else:
            advance(Job, job.pk, state, JobState.CANCELLED, ended=at, cancel_requested=True)
            close(job, outcome=JobState.CANCELLED, at=at)
        note(actor=actor, verb="job.cancel", subject=job, organisation=organisation.pk, at=at)
