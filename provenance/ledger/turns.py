"""One writer at a time on a SQLite ledger, each in a short while.

SQLite's own waiting backs off to a tenth of a second, and with several writers the unlucky one starves for seconds.
Here a writer first queues for the place of the next one, and only the next one waits for the turn. Whoever gives the
turn back finds the next in line ahead of itself, so nobody writes twice while another waits. Both are locks on files:
the kernel gives them back when their holder dies.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import LedgerUnavailableError

_PAUSE_SECONDS = 0.001


@contextmanager
def turn(database: Path, *, timeout: float) -> Iterator[None]:
    """Hold the turn to write; LedgerUnavailableError when it did not come within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with _locked(f"{database}-next", deadline) as place:
        held = _open(f"{database}-turn")
        try:
            _wait(held, deadline)
        except BaseException:
            os.close(held)
            raise
        fcntl.flock(place, fcntl.LOCK_UN)
        try:
            yield
        finally:
            os.close(held)  # closing gives the turn back


@contextmanager
def _locked(path: str, deadline: float) -> Iterator[int]:
    descriptor = _open(path)
    try:
        _wait(descriptor, deadline)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)


def _wait(descriptor: int, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LedgerUnavailableError("ledger: locked by another writer for too long; try again") from None
            time.sleep(_PAUSE_SECONDS)
