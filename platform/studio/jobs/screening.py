"""Screens a submitted request: the words against the policy in force when it was submitted."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from studio import pipeline
from studio.jobs import bell, words
from studio.jobs.models import Job, Screening
from studio.jobs.queue import close, rank
from studio.jobs.states import JobState, StaleStateError, advance
from studio.trail.actions import note

NEXT = {"allow": JobState.QUEUED, "annotate": JobState.QUEUED, "review": JobState.HELD, "block": JobState.BLOCKED}


def screen(pk: UUID, *, at: datetime) -> str:
    """Decide about a SUBMITTED job and move it on; returns its state, whoever set it."""
    job = Job.objects.select_related("model", "policy", "requester", "project__organisation").get(pk=pk)
    if job.state != JobState.SUBMITTED:
        return job.state
    typed = words.open_words(job)
    screened = pipeline.screen_prompt(
        typed.prompt,
        typed.negative_prompt,
        document=job.policy.document,
        decision_id=uuid4(),
        at=at,
        language=job.language,
        folder=Path(job.model.folder),
    )
    end = NEXT[screened.action]
    try:
        with transaction.atomic():
            advance(Job, job.pk, JobState.SUBMITTED, end, **_changes(job, end, at))
            Screening.objects.create(
                id=screened.decision["id"],
                job=job,
                action=screened.action,
                decision=screened.decision,
                reasons=screened.reasons,
                at=at,
            )
            if end == JobState.BLOCKED:
                close(job, outcome=end, at=at, reason="blocked by the policy")
                transaction.on_commit(bell.ring_settle)
            if end == JobState.QUEUED:
                transaction.on_commit(bell.ring_generate)
            note(
                actor=None,
                verb="job.screen",
                subject=job,
                organisation=job.project.organisation_id,
                at=at,
                action=screened.action,
            )
    except StaleStateError:
        job.refresh_from_db()
        return job.state
    return end


def _changes(job: Job, end: str, at: datetime) -> dict[str, Any]:
    if end == JobState.QUEUED:
        return {"rank": rank(at, job.priority)}
    return {"ended": at} if end == JobState.BLOCKED else {}
