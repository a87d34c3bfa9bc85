"""The job table as a queue: claim, give back, and what happens to claims whose worker went silent.

- One claim is one compare-and-set; two workers never hold one job. Every later write of the claim carries its token.
- Order: the project served least lately, then the person, then `rank` (age, earlier for priority), so nobody starves.
- A lease that runs out counts as an attempt; after the last one the job is LOST, with the reason kept.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from studio import tracing
from studio.accounts.models import Membership, User
from studio.claims import MAX_ATTEMPTS, claimable, cut_leases, lease_from, pause_after, unheard
from studio.faults import fault
from studio.jobs import bell, reference
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState, advance
from studio.projects.models import Project
from studio.trail.actions import intend, note
from studio.trail.errors import StaleStateError
from studio.trail.models import LedgerIntent

logger = logging.getLogger(__name__)
PRIORITY_STEP = timedelta(minutes=10)
RINGS = 100
# Where an attempt does not count, the pause is always that of this one.
UNCOUNTED = 2
JOINED = ("job__project__organisation", "job__campaign", "job__model", "job__policy", "job__requester")
LEAST_LATELY = (F("served").asc(nulls_first=True), "pk")
UNFINISHED = (PictureState.GENERATED, PictureState.CHECKED, PictureState.SIGNED)


def rank(at: datetime, priority: int) -> datetime:
    """A job's place in line: each point of priority is worth ten minutes of waiting."""
    return at - priority * PRIORITY_STEP


@dataclass(frozen=True, slots=True)
class Line:
    """How many requests wait or are being made, and how many of them are one's own."""

    ahead: int
    mine: int


def line(user: User) -> Line:
    """What a request made now would come behind; fairness between projects may still bring it forward."""
    busy = Job.objects.filter(state__in=[JobState.QUEUED, JobState.GENERATING])
    return Line(busy.count(), busy.filter(requester__user=user).count())


def place(job: Job) -> int | None:
    """How many requests wait that came no later; fairness between projects may still bring it forward or back."""
    if job.state != JobState.QUEUED or job.rank is None:
        return None
    return Job.objects.filter(state=JobState.QUEUED, rank__lte=job.rank).count()


def claim(*, now: datetime) -> Job | None:
    """Take the job whose turn it is, or None when nobody waits."""
    waiting = Job.objects.filter(claimable(now), state=JobState.QUEUED)
    # A look takes no lock: most bells ring for a line that is empty already.
    while waiting.exists():
        try:
            with transaction.atomic():
                if (pk := _take(waiting, now)) is None:
                    continue
        except StaleStateError:
            continue
        fault("after claim")
        return Job.objects.select_related("model", "policy", "requester", "project__organisation").get(pk=pk)
    return None


def _take(waiting: QuerySet[Job], now: datetime) -> UUID | None:
    """Claim the job whose turn it is; None when others took what was left.

    One look at an index for each level, so that a long line costs no more than a short one. Raises StaleStateError.
    """
    project = _project(waiting)
    theirs = waiting.filter(project=project)
    people = Membership.objects.filter(Exists(theirs.filter(requester=OuterRef("pk"))))
    requester = people.order_by(*LEAST_LATELY).values_list("pk", flat=True).first()
    pk = theirs.filter(requester=requester).order_by("rank", "pk").values_list("pk", flat=True).first()
    if project is None or requester is None or pk is None:
        return None
    with tracing.step("claim", pk):
        advance(
            Job,
            pk,
            JobState.QUEUED,
            JobState.GENERATING,
            attempt=F("attempt") + 1,
            token=uuid4(),
            lease=lease_from(now),
            started=now,
            progress=0,
        )
        Project.objects.filter(pk=project).update(served=now)
        Membership.objects.filter(pk=requester).update(served=now)
    return pk


def _project(waiting: QuerySet[Job]) -> UUID | None:
    """The project whose turn it is, locked: workers that all ran for one job would take turns at missing it.

    One that somebody is taking from at this moment is passed over, unless nobody else waits.
    """
    projects = Project.objects.filter(Exists(waiting.filter(project=OuterRef("pk")))).order_by(*LEAST_LATELY)
    free = projects.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True).first()
    return free or projects.select_for_update(no_key=True).values_list("pk", flat=True).first()


def claim_picture(pk: UUID, state: str, *, now: datetime) -> Picture | None:
    """Take a picture in `state` to work on it, unless somebody does or it is to wait."""
    free = Picture.objects.filter(claimable(now), pk=pk, state=state)
    if not free.update(attempt=F("attempt") + 1, token=uuid4(), lease=lease_from(now)):
        return None
    return Picture.objects.select_related(*JOINED).get(pk=pk)


def close(job: Job, *, outcome: str, at: datetime, reason: str = "") -> LedgerIntent:
    """The ledger's word that a request ended without going on: blocked, refused, failed, lost or cancelled.

    The picture that it was to start from goes with it.
    """
    organisation = job.project.organisation
    transaction.on_commit(bell.ring_settle)
    transaction.on_commit(partial(reference.forget, job.pk), robust=True)
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


def give_back(job: Job, *, reason: str, at: datetime, counted: bool = True) -> str:
    """End a claim that did not succeed; returns the state: back in the line with a pause, or an end.

    The end is CANCELLED where the maker had asked for it, LOST after the last attempt. An attempt is not `counted`
    where the request had no part in what went wrong: it is tried however often, until that is over.
    """
    job.refresh_from_db(fields=["cancel_requested"])
    changes: dict[str, object]
    state, changes = JobState.QUEUED, {"not_before": at + pause_after(job.attempt)}
    if not counted:
        changes = {"not_before": at + pause_after(UNCOUNTED), "attempt": job.attempt - 1}
    if job.cancel_requested or (counted and job.attempt >= MAX_ATTEMPTS):
        state = JobState.CANCELLED if job.cancel_requested else JobState.LOST
        changes = {"ended": at}
    with transaction.atomic():
        advance(Job, job.pk, JobState.GENERATING, state, fence=job.token, failure=reason, lease=None, **changes)
        if state != JobState.QUEUED:
            close(job, outcome=state, at=at)
        note(
            actor=None,
            verb="job.give_back",
            subject=job,
            organisation=job.project.organisation_id,
            at=at,
            attempt=job.attempt,
            reason=reason,
        )
    return state


def sweep(*, now: datetime) -> dict[str, int]:
    """Find what a lost message or a dead worker left lying, and ring for it. Returns what was found, by kind.

    One row's trouble never keeps the others waiting.
    """
    for held in (Job.objects.filter(state=JobState.GENERATING), Picture.objects.filter(state__in=UNFINISHED)):
        cut_leases(held, longest=lease_from(now))
    unscreened = Job.objects.filter(unheard("submitted", now), state=JobState.SUBMITTED).order_by("submitted")
    queued = Job.objects.filter(claimable(now), unheard("rank", now), state=JobState.QUEUED)
    unfinished = Picture.objects.filter(claimable(now), unheard("changed", now), state__in=UNFINISHED)
    found = {"silent": _take_back(now), "unscreened": 0, "queued": int(queued.exists()), "unfinished": 0}
    for pk in unscreened.values_list("pk", flat=True)[:RINGS]:
        bell.ring_screen(pk)
        found["unscreened"] += 1
    if found["queued"]:
        bell.ring_generate()
    for pk, state in unfinished.order_by("changed").values_list("pk", "state")[:RINGS]:
        ring = bell.ring_seal if state == PictureState.CHECKED else bell.ring_finish
        ring(pk)
        found["unfinished"] += 1
    return found


def _take_back(now: datetime) -> int:
    silent = Job.objects.filter(state=JobState.GENERATING, lease__lt=now)
    taken = 0
    for job in silent.select_related("project__organisation", "policy", "model", "requester"):
        try:
            give_back(job, reason="the worker went silent", at=now)
            taken += 1
        except StaleStateError:
            logger.info("%s spoke again", job)
        except Exception:
            logger.exception("%s could not be taken back", job)
    return taken
