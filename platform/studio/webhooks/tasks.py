"""What the control worker does for endpoints: a few lanes beside its other work, which never waits for a stranger."""

import logging
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db import close_old_connections
from django.utils import timezone

from studio.celery import app
from studio.webhooks import delivering

logger = logging.getLogger(__name__)
LANES = 4
MOST_UNDERWAY = 100
_lanes = ThreadPoolExecutor(LANES, thread_name_prefix="webhook")
_underway: set[UUID] = set()


@app.task
def deliver(delivery: str) -> None:
    """Take one delivery into a lane."""
    _take(UUID(delivery))


@app.task
def sweep() -> None:
    """Take what is due: retries, and whatever a lost ring left lying."""
    delivering.cut_stretched(now=timezone.now())
    for pk in delivering.due(timezone.now()).values_list("pk", flat=True)[:MOST_UNDERWAY]:
        _take(pk)


@app.task
def forget() -> None:
    """Shorten the log."""
    delivering.forget(now=timezone.now())


def _take(pk: UUID) -> None:
    """Into a lane, unless it is in one; beyond `MOST_UNDERWAY` it waits for the next sweep."""
    if pk not in _underway and len(_underway) < MOST_UNDERWAY:
        _underway.add(pk)
        _lanes.submit(_deliver, pk)


def _deliver(pk: UUID) -> None:
    close_old_connections()
    try:
        delivering.deliver(pk, now=timezone.now())
    except Exception:
        logger.exception("delivery %s failed here; the next sweep tries again when its lease is over", pk)
    finally:
        _underway.discard(pk)
        close_old_connections()
