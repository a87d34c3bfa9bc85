"""One writer at a time on a SQLite ledger, in the order in which they came, each in a short while.

SQLite's own waiting backs off to a tenth of a second, and with several writers the unlucky one starves for seconds.
Here a writer takes the last place of a short queue and moves up, place by place, to the turn. Each place is left only
for the next, so nobody overtakes anybody inside, and whoever gives the turn back finds all who wait ahead of itself.
With more writers than places chance decides who joins, and only that. All of it is locks on files: the kernel gives
them back when their holder dies.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import LedgerUnavailableError

_PLACES = ("-third", "-second", "-next", "-turn")
_PAUSE_SECONDS = 0.0005


@contextmanager
def turn(database: Path, *, timeout: float) -> Iterator[None]:
    """Hold the turn to write; LedgerUnavailableError when it did not come within `timeout` seconds."""
    held = _moved_up(database, time.monotonic() + timeout)
    try:
        yield
    finally:
        os.close(held)  # closing gives the turn back


def _moved_up(database: Path, deadline: float) -> int:
    """The descriptor that holds the turn."""
    held: int | None = None
    for place in _PLACES:
        ahead = os.open(f"{database}{place}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            _wait(ahead, deadline)
        except BaseException:
            os.close(ahead)
            raise
        finally:
            if held is not None:
                os.close(held)
        held = ahead
    assert held is not None  # noqa: S101  # there are places
    return held


def _wait(descriptor: int, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LedgerUnavailableError("ledger: locked by another writer for too long; try again") from None
            time.sleep(_PAUSE_SECONDS)
