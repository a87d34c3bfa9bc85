"""Waiting for what workers do, while a program holds the line: for so long, and for so many of them at once.

Each of them keeps a thread of this process. Whoever finds no place is told when to ask again, before anything is done.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.utils.translation import gettext as _

from studio.api import refusals

Found = TypeVar("Found")
PLACES = 24
FULL_SECONDS = 5
_places = threading.BoundedSemaphore(PLACES)


@contextmanager
def a_place() -> Iterator[None]:
    """One of the places of this process. Raises Refusal when all are taken."""
    if not _places.acquire(blocking=False):
        reason = _("Too many programs wait here at once; ask again in %(seconds)s seconds.") % {"seconds": FULL_SECONDS}
        raise refusals.wait("too-many-wait", reason, retry_after_s=FULL_SECONDS)
    try:
        yield
    finally:
        _places.release()


def until(look: Callable[[], Found | None], *, seconds: float, every: float) -> Found | None:
    """What `look` finds, looking again and again for so long; None when it stays away."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < deadline:
        time.sleep(every)
    return found
