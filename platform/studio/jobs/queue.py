"""The job table as a queue: claim, heartbeat, and what happens to claims whose worker went silent.

- One claim is one compare-and-set; two workers never hold one job. Every later write of the claim carries its token.
- Order: the project served least lately, then the person, then `rank` (age, earlier for priority), so nobody starves.
- A lease that runs out counts as an attempt; after the last one the job is LOST, with the reason kept.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from studio.accounts.models import Membership
from studio.faults import fault
from studio.jobs import bell
from studio.jobs.models import Claimable, Job, Picture
from studio.jobs.states import JobState, PictureState, StaleStateError, advance
from studio.projects.models import Project
from studio.trail.actions import intend, note
from studio.trail.models import LedgerIntent

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 3
PRIORITY_STEP = timedelta(minutes=10)
UNFINISHED = (PictureState.GENERATED, PictureState.CHECKED, PictureState.SIGNED)


def rank(at: datetime, priority: int) -> datetime:
    """A job's place in line: each point of priority is worth ten minutes of waiting."""
    return at - priority * PRIORITY_STEP


def claim(*, now: datetime) -> Job | None:
    """Take the job whose turn it is, or None when nobody waits."""
    waiting = Job.objects.filter(Q(not_before=None) | Q(not_before__lte=now), state=JobState.QUEUED).order_by(
        F("project__served").asc(nulls_first=True), F("requester__served").asc(nulls_first=True), "rank", "id"
    )
    while (candidate := waiting.values_list("pk", "project", "requester").first()) is not None:
        pk, project, requester = candidate
        try:
            with transaction.atomic():
                advance(
                    Job,
                    pk,
                    JobState.QUEUED,
                    JobState.GENERATING,
                    attempt=F("attempt") + 1,
                    token=uuid4(),
                    lease=now + timedelta(seconds=settings.LEASE_SECONDS),
                    started=now,
                    progress=0,
                )
                Project.objects.filter(pk=project).update(served=now)
                Membership.objects.filter(pk=requester).update(served=now)
        except StaleStateError:
            continue
        fault("after claim")
        return Job.objects.select_related("model", "policy", "requester", "project__organisation").get(pk=pk)
    return None


@contextmanager
def heartbeat(row: Claimable) -> Iterator[threading.Event]:
    """Extend the row's lease while the block runs; the event is set when the claim turns out to be lost."""
    lost, done = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(settings.HEARTBEAT_SECONDS):
            lease = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
            try:
                held = type(row)._default_manager.filter(pk=row.pk, token=row.token).update(lease=lease)
            except DatabaseError:
                # A database that restarts must not end the work; the lease outlasts several missed beats.
                logger.exception("heartbeat of %s missed", row.pk)
                continue
            if not held:
                lost.set()
                break
        connection.close()

    thread = threading.Thread(target=beat, name=f"heartbeat {row.pk}", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()


def claim_picture(pk: UUID, state: str, *, now: datetime) -> Picture | None:
    """Take a picture in `state` to work on it, unless somebody does."""
    free = Picture.objects.filter(Q(lease=None) | Q(lease__lte=now), pk=pk, state=state)
    if not free.update(attempt=F("attempt") + 1, token=uuid4(), lease=now + timedelta(seconds=settings.LEASE_SECONDS)):
        return None
    return Picture.objects.select_related(
        "job__project__organisation", "job__campaign", "job__model", "job__policy", "job__requester"
    ).get(pk=pk)


def close(job: Job, *, outcome: str, at: datetime, reason: str = "") -> LedgerIntent:
    """The ledger's word that a request ended without going on: blocked, refused, failed, lost or cancelled."""
    organisation = job.project.organisation
    return intend(
        log=organisation.log,
        kind="block" if outcome == JobState.BLOCKED else "closure",
        row=job.pk,
        at=at,
        body={
            "outcome": outcome,
            "reason": reason,
            "request": job.request_digest,
            "commitment": job.prompt_commitment,
            "policy": job.policy.digest,
            "model": job.model.digest,
            "maker": str(job.requester.pseudonym),
            "project": str(job.project_id),
            "screenings": [str(pk) for pk in job.screenings.values_list("pk", flat=True)],
        },
    )


def give_back(job: Job, *, reason: str, at: datetime) -> None:
    """End a claim that did not succeed: back into the line with a pause, or LOST after the last attempt."""
    organisation = job.project.organisation_id
    with transaction.atomic():
        if job.attempt >= MAX_ATTEMPTS:
            advance(
                Job, job.pk, JobState.GENERATING, JobState.LOST, fence=job.token, failure=reason, ended=at, lease=None
            )
            close(job, outcome=JobState.LOST, at=at, reason="attempts used up")
        else:
            pauses = settings.BACKOFF_SECONDS
            pause = timedelta(seconds=pauses[min(job.attempt - 1, len(pauses) - 1)])
            advance(
                Job,
                job.pk,
                JobState.GENERATING,
                JobState.QUEUED,
                fence=job.token,
                failure=reason,
                lease=None,
                not_before=at + pause,
            )
        note(
            actor=None,
            verb="job.give_back",
            subject=job,
            organisation=organisation,
            at=at,
            attempt=job.attempt,
            reason=reason,
        )


def sweep(*, now: datetime) -> dict[str, int]:
    """Find what a lost message or a dead worker left lying, and ring for it. Returns what was found, by kind."""
    silent = Job.objects.filter(state=JobState.GENERATING, lease__lt=now).select_related(
        "project__organisation", "policy", "model", "requester"
    )
    found = {"silent": 0, "unscreened": 0, "queued": 0, "unfinished": 0}
    for job in silent:
        try:
            give_back(job, reason="the worker went silent", at=now)
            found["silent"] += 1
        except StaleStateError:
            continue
    late = now - timedelta(seconds=2)
    for pk in Job.objects.filter(state=JobState.SUBMITTED, submitted__lt=late).values_list("pk", flat=True)[:100]:
        bell.ring_screen(pk)
        found["unscreened"] += 1
    if Job.objects.filter(Q(not_before=None) | Q(not_before__lte=now), state=JobState.QUEUED, rank__lt=late).exists():
        bell.ring_generate()
        found["queued"] = 1
    unfinished = Picture.objects.filter(Q(lease=None) | Q(lease__lte=now), state__in=UNFINISHED, changed__lt=late)
    for pk in unfinished.order_by("changed").values_list("pk", flat=True)[:100]:
        bell.ring_finish(pk)
        found["unfinished"] += 1
    return found
