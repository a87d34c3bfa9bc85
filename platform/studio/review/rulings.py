"""What reviewers answer where a screen was not sure: about held requests, and about pictures held back.

Every ruling is a ledger entry. It takes turns with whatever else is decided about the request.
"""

from datetime import datetime

from django.db import transaction

from studio.accounts.models import User
from studio.accounts.rules import membership_of
from studio.jobs import bell
from studio.jobs.finishing import forget
from studio.jobs.models import Job, Picture
from studio.jobs.queue import close, rank
from studio.jobs.states import JobState, PictureState, advance
from studio.review.deciding import lock, required
from studio.review.models import HoldRuling
from studio.review.rules import may_decide
from studio.trail.actions import intend, note


def rule_on_hold(*, actor: User, job: Job, let_through: bool, reason: str, at: datetime) -> HoldRuling:
    """Answer a held request. Raises PermissionDenied, ValidationError for an empty reason, StaleStateError."""
    reason = required(reason=reason)["reason"]
    organisation = job.project.organisation
    with transaction.atomic():
        lock(job)
        may_decide(actor, job).enforce()
        if let_through:
            advance(Job, job.pk, JobState.HELD, JobState.QUEUED, rank=rank(at, job.priority))
        else:
            advance(Job, job.pk, JobState.HELD, JobState.BLOCKED, ended=at)
            close(job, outcome=JobState.BLOCKED, at=at, reason="refused by a reviewer")
        ruling = HoldRuling.objects.create(job=job, reviewer=actor, let_through=let_through, reason=reason, at=at)
        _intend_ruling(ruling, actor, job, at)
        note(actor=actor, verb="job.rule", subject=job, organisation=organisation.pk, at=at, let_through=let_through)
        transaction.on_commit(bell.ring_settle)
        if let_through:
            transaction.on_commit(bell.ring_generate)
    return ruling


def rule_on_picture(*, actor: User, picture: Picture, let_through: bool, reason: str, at: datetime) -> HoldRuling:
    """Answer for a picture that the output screen held back. Raises as `rule_on_hold`."""
    job = picture.job
    reason = required(reason=reason)["reason"]
    end = PictureState.CHECKED if let_through else PictureState.DISCARDED
    with transaction.atomic():
        lock(job)
        may_decide(actor, job).enforce()
        advance(Picture, picture.pk, PictureState.QUARANTINED, end, changed=at)
        ruling = HoldRuling.objects.create(
            job=job, picture=picture, reviewer=actor, let_through=let_through, reason=reason, at=at
        )
        _intend_ruling(ruling, actor, job, at)
        note(
            actor=actor,
            verb="picture.rule",
            subject=picture,
            organisation=job.project.organisation_id,
            at=at,
            let_through=let_through,
        )
        transaction.on_commit(bell.ring_settle)
        transaction.on_commit(lambda: bell.ring_seal(picture.pk) if let_through else forget(picture))
    return ruling


def _intend_ruling(ruling: HoldRuling, actor: User, job: Job, at: datetime) -> None:
    organisation = job.project.organisation
    intend(
        log=organisation.log,
        kind="decision",
        row=ruling.pk,
        at=at,
        record=ruling.picture.record if ruling.picture else None,
        body={
            "about": _about(ruling),
            "outcome": "let through" if ruling.let_through else "refused",
            "job": str(job.pk),
            "request": job.request_digest,
            **({"appeal_of": str(job.appeal_of_id)} if job.appeal_of_id else {}),
            "policy": job.policy.digest,
            "reviewer": str(membership_of(actor, organisation).pseudonym),
        },
    )


def _about(ruling: HoldRuling) -> str:
    if ruling.picture:
        return "held picture"
    return "appeal" if ruling.job.appeal_of_id else "held request"
