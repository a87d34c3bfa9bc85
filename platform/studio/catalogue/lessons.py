"""The lessons as a queue: claim, end, give back, and what happens to those whose worker went silent.

One lesson is taught at a time by each train worker, oldest first. A lease that runs out, or a trainer that dies, counts
as an attempt; after the last one the lesson has FAILED, with the reason kept.
"""

import logging
from datetime import datetime
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from studio.catalogue import bell, lesson_files
from studio.catalogue.models import Lesson
from studio.catalogue.states import LESSON_ENDS, LessonState, advance
from studio.claims import MAX_ATTEMPTS, claimable, cut_leases, lease_from, pause_after
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)
JOINED = ("parent__organisation", "custodian__user")


def claim(*, now: datetime) -> Lesson | None:
    """Take the lesson that waits longest, or None when none does."""
    waiting = Lesson.objects.filter(claimable(now), state=LessonState.WAITING).order_by("asked", "id")
    while (lesson := waiting.select_related(*JOINED).first()) is not None:
        try:
            with transaction.atomic():
                advance(
                    Lesson,
                    lesson.pk,
                    LessonState.WAITING,
                    LessonState.TRAINING,
                    attempt=F("attempt") + 1,
                    token=uuid4(),
                    lease=lease_from(now),
                    started=now,
                    step=0,
                )
                _note(lesson, "start", now)
        except StaleStateError:
            continue
        return Lesson.objects.select_related(*JOINED).get(pk=lesson.pk)
    return None


def end(lesson: Lesson, state: str, *, at: datetime, **changes: Any) -> None:
    """End a claim and its lesson; the pictures go. Raises StaleStateError when the claim is somebody else's by now."""
    _leave(lesson, state, at=at, verb=state.lower(), ended=at, **changes)


def give_back(lesson: Lesson, *, reason: str, at: datetime, counted: bool = True) -> str:
    """End a claim that did not succeed; returns the state: waiting again after a pause, or an end.

    An attempt that is not `counted` was ended politely from outside, and may be repeated as often as that happens.
    """
    lesson.refresh_from_db(fields=["cancel_requested"])
    if lesson.cancel_requested:
        _leave(lesson, LessonState.CANCELLED, at=at, verb="cancelled", ended=at)
        return LessonState.CANCELLED
    if counted and lesson.attempt >= MAX_ATTEMPTS:
        _leave(lesson, LessonState.FAILED, at=at, verb="failed", ended=at, failure=reason)
        return LessonState.FAILED
    rest = {"not_before": at + pause_after(lesson.attempt)} if counted else {"attempt": lesson.attempt - 1}
    _leave(lesson, LessonState.WAITING, at=at, verb="give_back", failure=reason, **rest)
    return LessonState.WAITING


def _leave(lesson: Lesson, state: str, *, at: datetime, verb: str, **changes: Any) -> None:
    with transaction.atomic():
        advance(
            Lesson,
            lesson.pk,
            LessonState.TRAINING,
            state,
            fence=lesson.token,
            lease=None,
            left_s=None,
            **changes,
        )
        if state in LESSON_ENDS:
            transaction.on_commit(partial(lesson_files.forget, lesson.pk), robust=True)
        failure = changes.get("failure")
        _note(lesson, verb, at, attempt=lesson.attempt, **({"reason": failure} if failure else {}))


def _note(lesson: Lesson, verb: str, at: datetime, **detail: Any) -> None:
    organisation = lesson.organisation.pk
    note(actor=None, verb=f"lesson.{verb}", subject=lesson, organisation=organisation, at=at, **detail)


def sweep(*, now: datetime) -> dict[str, int]:
    """Find what a lost message or a dead worker left lying, and ring for it. Returns what was found, by kind."""
    taught = Lesson.objects.filter(state=LessonState.TRAINING)
    cut_leases(taught, longest=lease_from(now))
    silent = taught.filter(lease__lt=now).select_related(*JOINED)
    taken = 0
    for lesson in silent:
        try:
            give_back(lesson, reason="The worker that taught it went silent.", at=now)
            taken += 1
        except StaleStateError:
            logger.info("%s spoke again", lesson)
    waiting = Lesson.objects.filter(claimable(now), state=LessonState.WAITING).exists()
    if waiting:
        bell.ring_teach()
    return {"silent": taken, "waiting": int(waiting), "stray": lesson_files.sweep(now=now)}
