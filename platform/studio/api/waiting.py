"""Waiting for what workers do, while a program holds the line: for so long, and for so many of them at once.

Each of them keeps a thread of this process, but neither a turn (studio.gate) nor a connection to the database. Whoever
finds no place is told when to ask again, before anything is done.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext as _

from studio.api import refusals
from studio.gate import LEAVE

Found = TypeVar("Found")
PLACES = 24
FULL_SECONDS = 5
_places = threading.BoundedSemaphore(PLACES)


@contextmanager
def a_place(request: HttpRequest) -> Iterator[None]:
    """One of the places of this process; the request's turn is somebody else's from then on.

    Raises Refusal when all are taken.
    """
    if not _places.acquire(blocking=False):
        reason = _("Too many programs wait here at once; ask again in %(seconds)s seconds.") % {"seconds": FULL_SECONDS}
        raise refusals.wait("too-many-wait", reason, retry_after_s=FULL_SECONDS)
    try:
        getattr(request, "scope", {}).get(LEAVE, lambda: None)()
        yield
    finally:
        _places.release()


def until(look: Callable[[], Found | None], *, seconds: float, every: float) -> Found | None:
    """What `look` finds, looking again and again for so long; None when it stays away."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < deadline:
        if not connection.in_atomic_block:
            connection.close()
        time.sleep(every)
    return found
