"""Checks an organisation's books in the control worker: its log, then its pictures in slices, then the rest.

- One inspection of an organisation at a time, asked for by an auditor or begun by the timetable once a day.
- A slice holds a lease and works for about `SLICE_SECONDS`, so other work comes between; what a crash interrupts is
  taken up at the picture where it stopped. The log itself is read in one go.
- It reports and mends nothing. The first `MOST_KEPT` problems are kept, and how many there were.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds
from studio.audit import bell
from studio.audit.integrity import (
    Problem,
    decision_problems,
    ending_problems,
    intent_problems,
    ledger_problems,
    orphan_entries,
    problems_of,
)
from studio.audit.models import Inspection
from studio.claims import cut_leases, unheard
from studio.jobs.models import Picture
from studio.trail.actions import note

logger = logging.getLogger(__name__)
EVERY = timedelta(days=1)
LEASE = timedelta(minutes=10)
SLICE_SECONDS = 2.0
MOST_KEPT = 100
MOST_ATTEMPTS = 3
UNREADABLE = (
    "The ledger could not be read, so nothing is known. Ask again; if that fails too, an administrator has to look."
)
STUCK = "The worker that checked it stopped three times. An administrator has to look at its log."


def ask_inspection(*, actor: User | None, organisation: Organisation, at: datetime) -> Inspection:
    """Begin an inspection, or find the one that is being made. Raises PermissionDenied."""
    if actor is not None:
        holds(actor, organisation, Role.AUDITOR).enforce()
    try:
        with transaction.atomic():
            asked = Inspection.objects.create(organisation=organisation, asked_by=actor, asked=at)
            note(actor=actor, verb="inspection.ask", subject=asked, organisation=organisation.pk, at=at)
            transaction.on_commit(lambda: bell.ring_inspection(asked.pk))
    except IntegrityError:
        return Inspection.objects.get(organisation=organisation, finished=None)
    return asked


def inspect(pk: UUID, *, at: datetime) -> bool:
    """Do the next slice; returns whether there is more to do at once."""
    inspection = _claimed(pk, at=at)
    if inspection is None:
        return False
    if inspection.attempt > MOST_ATTEMPTS:
        return _keep(inspection, finished=at, fault=STUCK)
    try:
        if inspection.entries is None:
            return _open_log(inspection)
        return _look(inspection) or _close(inspection, at=at)
    except (pipeline.ProvenanceError, OSError, ValueError):
        logger.exception("%s could not be made", inspection)
        return _keep(inspection, finished=at, fault=UNREADABLE)


def _claimed(pk: UUID, *, at: datetime) -> Inspection | None:
    token = uuid4()
    free = Inspection.objects.filter(Q(lease=None) | Q(lease__lt=at), pk=pk, finished=None)
    row = free.first()
    # A lease that ran out belonged to a worker that died; a slice that ended gave its lease back.
    attempt = row.attempt + 1 if row is not None and row.lease is not None else 0
    if free.update(token=token, lease=at + LEASE, attempt=attempt) != 1:
        return None
    return Inspection.objects.select_related("organisation").get(pk=pk, token=token)


def _keep(inspection: Inspection, **changes: object) -> bool:
    """Write a slice down, unless somebody else took over meanwhile; returns whether there is more to do."""
    mine = Inspection.objects.filter(pk=inspection.pk, token=inspection.token, finished=None)
    return mine.update(lease=None, **changes) == 1 and "finished" not in changes


def _open_log(inspection: Inspection) -> bool:
    """Verify the whole log, and that each of its entries was caused by a row here."""
    organisation = inspection.organisation
    size = pipeline.log_size(organisation.log)
    found = [*ledger_problems(organisation), *orphan_entries(organisation)]
    pictures = Picture.objects.filter(job__project__organisation=organisation).count()
    return _keep(inspection, entries=size, pictures=pictures, **_with(inspection, found))


def _look(inspection: Inspection) -> bool:
    """Look at pictures until the slice is over; False when there are none left."""
    pictures = Picture.objects.filter(job__project__organisation=inspection.organisation).order_by("pk")
    if inspection.reached:
        pictures = pictures.filter(pk__gt=inspection.reached)
    began, found, reached, looked = monotonic(), list[Problem](), inspection.reached, 0
    for picture in pictures[:PAGE]:
        found += problems_of(picture)
        reached, looked = picture.pk, looked + 1
        if monotonic() - began > SLICE_SECONDS:
            break
    if not looked:
        return False
    return _keep(inspection, reached=reached, looked=inspection.looked + looked, **_with(inspection, found))


PAGE = 500


def _close(inspection: Inspection, *, at: datetime) -> bool:
    """What is left: entries that are owed, requests that ended, and who decided."""
    organisation = inspection.organisation
    found = [
        *intent_problems(at, log=organisation.log),
        *ending_problems(organisation=organisation),
        *decision_problems(organisation=organisation),
    ]
    return _keep(inspection, finished=at, **_with(inspection, found))


def _with(inspection: Inspection, found: Iterable[Problem]) -> dict[str, object]:
    new = [[problem.invariant, problem.subject, problem.reason] for problem in found]
    return {"found": inspection.found + len(new), "problems": [*inspection.problems, *new][:MOST_KEPT]}


def due(*, now: datetime) -> list[Organisation]:
    """The organisations whose books nobody has checked for a day."""
    recent = Inspection.objects.filter(asked__gt=now - EVERY)
    return list(Organisation.objects.exclude(pk__in=recent.values("organisation")))


def left_over(*, now: datetime) -> list[UUID]:
    """Inspections that a lost message or a worker's end left unfinished."""
    waiting = Inspection.objects.filter(unheard("asked", now, seconds=10), finished=None)
    cut_leases(waiting, longest=now + LEASE)
    return list(waiting.filter(Q(lease=None) | Q(lease__lt=now)).values_list("pk", flat=True)[:20])
