"""Screens a submitted request: the words against the policy in force when it was submitted.

It fails closed: whatever keeps the screen from reading the words, a person reads them.
"""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, transaction

from studio import pipeline
from studio.jobs import bell, words
from studio.jobs.models import Job, Screening
from studio.jobs.queue import close, rank
from studio.jobs.states import JobState, advance
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)
NEXT = {"allow": JobState.QUEUED, "annotate": JobState.QUEUED, "review": JobState.HELD, "block": JobState.BLOCKED}


def screen(pk: UUID, *, at: datetime) -> str:
    """Decide about a SUBMITTED job and move it on; returns its state, whoever set it."""
    job = Job.objects.select_related("model", "policy", "requester", "project__organisation").get(pk=pk)
    if job.state == JobState.SUBMITTED:
        try:
            _decide(job, at=at)
        except StaleStateError:
            logger.info("%s was decided by another worker", job)
        job.refresh_from_db(fields=["state"])
    return job.state


def _decide(job: Job, *, at: datetime) -> None:
    try:
        screened = _screened(job, at=at)
    except words.ErasedError as error:
        with transaction.atomic():
            advance(Job, job.pk, JobState.SUBMITTED, JobState.FAILED, ended=at, failure=str(error))
            close(job, outcome=JobState.FAILED, at=at)
        return
    end = NEXT[screened.action]
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
            close(job, outcome=end, at=at)
        if end == JobState.QUEUED:
            transaction.on_commit(bell.ring_generate)
        organisation = job.project.organisation_id
        note(actor=None, verb="job.screen", subject=job, organisation=organisation, at=at, action=screened.action)


def _screened(job: Job, *, at: datetime) -> pipeline.Screened:
    """The policy's word; where the screen itself fails, that a person must read. Raises ErasedError."""
    typed = words.open_words(job)
    decision_id = uuid4()
    try:
        return pipeline.screen_prompt(
            typed.prompt,
            typed.negative_prompt,
            document=job.policy.document,
            decision_id=decision_id,
            at=at,
            language=job.language,
            folder=Path(job.model.folder),
        )
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("%s could not be screened", job)
        return pipeline.unscreened("prompt", decision_id=decision_id, at=at, error=type(error).__name__)


def _changes(job: Job, end: str, at: datetime) -> dict[str, Any]:
    if end == JobState.QUEUED:
        return {"rank": rank(at, job.priority)}
    return {"ended": at} if end == JobState.BLOCKED else {}
