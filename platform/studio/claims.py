"""Rows that one worker at a time may work on, and states that change only by compare-and-set.

- A claim is a lease and a fencing token; every later write of the claim carries the token, so that a worker whose lease
  ran out and was taken over changes nothing any more.
- `advance` is the one way from a state to the next; each kind of row brings the table that says which may follow which.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error, connection, models
from django.db.models import Q
from django.utils import timezone

from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 3


class Claimable(models.Model):
    """A row that one worker at a time may work on: lease, fencing token, attempts."""

    attempt = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True)
    lease = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def claimable(now: datetime, *, longest: timedelta | None = None) -> Q:
    """Rows that nobody works on now, and whose pause is over.

    One `longest` or longer away (unless told, that of BACKOFF_SECONDS, at least a minute) was begun by a clock that was
    ahead; nobody waits for it.
    """
    if longest is None:
        longest = timedelta(seconds=max(*settings.BACKOFF_SECONDS, 60))
    rested = Q(not_before=None) | Q(not_before__lte=now) | Q(not_before__gt=now + longest)
    return (Q(lease=None) | Q(lease__lte=now)) & rested


def unheard(stamped: str, now: datetime, *, seconds: float = 2) -> Q:
    """Rows whose bell somebody should have heard by now: `stamped`, a field, says when it rang.

    A moment that has not come yet was stamped by a clock that was ahead, and says nothing.
    """
    return Q(**{f"{stamped}__lt": now - timedelta(seconds=seconds)}) | Q(**{f"{stamped}__gt": now})


def lease_from(now: datetime) -> datetime:
    """Until when a claim made or renewed now holds."""
    return now + timedelta(seconds=settings.LEASE_SECONDS)


def cut_leases(rows: models.QuerySet[Any], *, longest: datetime) -> None:
    """Shorten what is leased until later than anybody leases now: a clock that was ahead said so.

    A living worker loses nothing by it, because it renews its lease; a dead one's work can be taken over.
    """
    stretched = rows.filter(lease__gt=longest)
    # On SQLite an update waits for its turn to write, even one that finds no row.
    if stretched.exists():
        stretched.update(lease=longest)


def pause_after(attempt: int) -> timedelta:
    """How long a row rests after an attempt that did not succeed; the first attempt is number 1."""
    pauses = settings.BACKOFF_SECONDS
    return timedelta(seconds=pauses[min(attempt - 1, len(pauses) - 1)])


def advance(
    table: Mapping[str, frozenset[str]],
    model: type[models.Model],
    pk: UUID,
    start: str,
    end: str,
    /,
    *,
    fence: UUID | None = None,
    **changes: Any,
) -> None:
    """Move one row from `start` to `end`.

    With `changes`, if it is still there (and, when given, still under the claim `fence`).

    Raises ValueError for a change the table does not know, StaleStateError when the row has moved on.
    """
    if end not in table.get(start, frozenset()):
        raise ValueError(f"{start} does not lead to {end}")
    rows = model._default_manager.filter(pk=pk, state=start)
    if fence is not None:
        rows = rows.filter(token=fence)
    if rows.update(state=end, **changes) != 1:
        raise StaleStateError(pk, start)


@contextmanager
def heartbeat(row: Claimable) -> Iterator[threading.Event]:
    """Extend the row's lease while the block runs; the event is set when the claim turns out to be lost."""
    lost, done = threading.Event(), threading.Event()

    def beat() -> None:
        while not done.wait(settings.HEARTBEAT_SECONDS):
            try:
                renewed = lease_from(timezone.now())
                # Whoever gave the row back kept the token in it, and took the lease away.
                rows = type(row)._default_manager.filter(pk=row.pk, token=row.token, lease__isnull=False)
                held = rows.update(lease=renewed)
            except Error:
                # A database that restarts must not end the work: the lease outlasts several missed beats, and the next
                # one opens a new connection.
                logger.exception("heartbeat of %s missed", row.pk)
                connection.close()
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
