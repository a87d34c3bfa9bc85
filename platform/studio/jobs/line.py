"""The line of requests as one person sees it: what is waiting and being made in their organisations, theirs marked.

Words stand beside a person's own requests and nobody else's. It reads; `queue` decides whose turn it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from studio.accounts.models import User
from studio.jobs import making, words
from studio.jobs.again import ENDED_SHORT
from studio.jobs.models import Job
from studio.jobs.states import JobState

MOST_SHOWN = 60
LOOKED_BACK = timedelta(days=7)
ORDER = {JobState.GENERATING: 0, JobState.QUEUED: 1, JobState.SUBMITTED: 2}
JOINED = ("campaign__project__organisation", "requester__user", "model")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request in line. `prompt` is the reader's own; `place` counts all that wait in the installation."""

    job: Job
    mine: bool
    prompt: str
    place: int | None
    previewed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What waits and is made (of `all`, `mine` are the person's), what of theirs waits for a reviewer, and what of it
    ended short lately. Lists hold `MOST_SHOWN` at most; the two numbers are of everything."""

    all: int
    mine: int
    busy: tuple[Entry, ...]
    held: tuple[Entry, ...]
    short: tuple[Entry, ...]

    @property
    def mark(self) -> str:
        """Changes whenever anything that is shown does."""
        shown = [
            (
                entry.job.pk,
                entry.job.state,
                entry.job.progress,
                entry.job.cancel_requested,
                entry.place,
                entry.previewed,
            )
            for entry in (*self.busy, *self.held, *self.short)
        ]
        return hashlib.sha256(repr([self.all, self.mine, shown]).encode()).hexdigest()[:16]


def line_of(user: User, *, now: datetime) -> Line:
    """The line as `user` sees it."""
    jobs = Job.objects.for_actor(user).select_related(*JOINED).order_by("rank", "submitted")
    moving = jobs.filter(state__in=ORDER)
    busy = sorted(moving[:MOST_SHOWN], key=lambda job: ORDER[JobState(job.state)])
    standing = places() if any(job.state == JobState.QUEUED for job in busy) else {}
    mine, keys = jobs.filter(requester__user=user), words.keys_of(user)
    return Line(
        moving.count(),
        moving.filter(requester__user=user).count(),
        tuple(_entry(job, user, keys, standing) for job in busy),
        tuple(_entry(job, user, keys, {}) for job in mine.filter(state=JobState.HELD)[:MOST_SHOWN]),
        tuple(_entry(job, user, keys, {}) for job in _short(mine, now=now)),
    )


def _short(mine: "QuerySet[Job]", *, now: datetime) -> "QuerySet[Job]":
    """Requests that ended lately without all that was asked for, and were not tried again."""
    ended = mine.filter(state__in=ENDED_SHORT, ended__gte=now - LOOKED_BACK)
    return ended.filter(again=None).order_by("-ended")[:MOST_SHOWN]


def places() -> dict[UUID, int]:
    """Where each request stands that waits for a worker, of the whole installation; the first is 1."""
    waiting = Job.objects.filter(state=JobState.QUEUED).order_by("rank", "pk").values_list("pk", flat=True)
    return {pk: place for place, pk in enumerate(waiting, start=1)}


def _entry(job: Job, user: User, keys: Mapping[int, bytes], places: Mapping[UUID, int]) -> Entry:
    mine = job.requester.user_id == user.pk
    previewed = mine and job.state == JobState.GENERATING and making.has_preview(job)
    key = keys.get(job.requester_id)
    return Entry(job, mine, _prompt(job, key) if mine and key else "", places.get(job.pk), previewed)


def _prompt(job: Job, key: bytes) -> str:
    try:
        return words.open_words(job, key=key).prompt
    except words.ErasedError:
        return ""
