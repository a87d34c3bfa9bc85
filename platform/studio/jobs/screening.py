"""Screens a submitted request against the policy in force when it was submitted: its words, and what it starts from.

The stricter of the two decisions holds. It fails closed: whatever keeps a screen from judging, a person judges.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, transaction

from studio import pipeline, tracing
from studio.jobs import bell, reference, words
from studio.jobs.models import Job, Picture, Screening
from studio.jobs.queue import close, rank
from studio.jobs.states import JobState, advance
from studio.projects.models import Project
from studio.references.registering import compared_with
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)
# Mildest first.
NEXT = {"allow": JobState.QUEUED, "annotate": JobState.QUEUED, "review": JobState.HELD, "block": JobState.BLOCKED}


def screen(pk: UUID, *, at: datetime) -> str:
    """Decide about a SUBMITTED job and move it on; returns its state, whoever set it."""
    job = Job.objects.select_related("model", "policy", "requester", "project__organisation").get(pk=pk)
    if job.state == JobState.SUBMITTED:
        try:
            with tracing.step("screen", pk):
                _decide(job, at=at)
        except StaleStateError:
            logger.info("%s was decided by another worker", job)
        job.refresh_from_db(fields=["state"])
    return job.state


def _decide(job: Job, *, at: datetime) -> None:
    try:
        decisions = [_about_words(job, at=at)]
        if job.reference_sha256:
            decisions.append(_about_reference(job, at=at))
    except words.ErasedError as error:
        with transaction.atomic():
            advance(Job, job.pk, JobState.SUBMITTED, JobState.FAILED, ended=at, failure=str(error))
            close(job, outcome=JobState.FAILED, at=at)
        return
    action = max((decision.action for decision in decisions), key=list(NEXT).index)
    end = _end_of_appeal(decisions) if job.appeal_of_id else NEXT[action]
    with transaction.atomic():
        advance(Job, job.pk, JobState.SUBMITTED, end, **_changes(job, end, at))
        for decision in decisions:
            decision.save(force_insert=True)
        if end == JobState.BLOCKED:
            close(job, outcome=end, at=at)
        if end == JobState.QUEUED:
            transaction.on_commit(bell.ring_generate)
        organisation = job.project.organisation_id
        note(actor=None, verb="job.screen", subject=job, organisation=organisation, at=at, action=action)


def _end_of_appeal(decisions: list[Screening]) -> JobState:
    """A person decides about an appeal, whatever the screens say, but for what no person may let through."""
    final = any(pipeline.beyond_appeal(decision.decision) for decision in decisions)
    return JobState.BLOCKED if final else JobState.HELD


def _about_words(job: Job, *, at: datetime) -> Screening:
    """What the policy says about the words. Raises ErasedError."""
    typed = words.open_words(job)

    def screen_words(decision_id: UUID) -> pipeline.Screened:
        return pipeline.screen_prompt(
            typed.prompt,
            typed.negative_prompt,
            document=job.policy.document,
            decision_id=decision_id,
            at=at,
            language=job.language,
            folder=Path(job.model.folder),
        )

    return row(job, _judged(job, "prompt", screen_words, at=at), at=at)


def _about_reference(job: Job, *, at: datetime) -> Screening:
    """What the policy says about the picture to start from, as if it were a finished one. Raises ErasedError."""

    def screen_pixels(decision_id: UUID) -> pipeline.Screened:
        picture = reference.opened(job)
        return pipeline.screen_picture(
            picture.pixels,
            picture.width,
            picture.height,
            document=job.policy.document,
            references=compared_with(job.project.organisation, at=at),
            decision_id=decision_id,
            at=at,
        )

    return row(job, _judged(job, "picture", screen_pixels, at=at), at=at, reference=True)


def _judged(job: Job, stage: str, judge: Callable[[UUID], pipeline.Screened], *, at: datetime) -> pipeline.Screened:
    """The policy's word; where the screen itself fails, that a person must look. Raises ErasedError."""
    decision_id = uuid4()
    try:
        return judge(decision_id)
    except (DatabaseError, words.ErasedError):
        raise
    except Exception as error:
        logger.exception("%s could not be screened (%s)", job, stage)
        return pipeline.unscreened(stage, decision_id=decision_id, at=at, error=type(error).__name__)


def label_of(job: Job) -> str:
    """The project's visible label; the SIMULATION band where the words plainly ask for an invented event.

    Such a request is only made because a person let it through, for a drill or a lesson; what leaves says so itself.
    """
    asked = job.screenings.filter(picture=None, reference=False)
    if any(pipeline.invents_an_event(screening.decision) for screening in asked):
        return Project.Label.SIMULATION
    return job.project.label


def row(
    job: Job, screened: pipeline.Screened, *, at: datetime, picture: Picture | None = None, reference: bool = False
) -> Screening:
    """A decision as it is kept, not saved yet: about a picture, or about the words or the start of a request."""
    return Screening(
        id=screened.decision["id"],
        job=job,
        picture=picture,
        reference=reference,
        action=screened.action,
        decision=screened.decision,
        reasons=screened.reasons,
        at=at,
    )


def _changes(job: Job, end: str, at: datetime) -> dict[str, Any]:
    if end == JobState.QUEUED:
        return {"rank": rank(at, job.priority)}
    return {"ended": at} if end == JobState.BLOCKED else {}
