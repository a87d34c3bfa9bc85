"""One writer at a time on a SQLite ledger, each in a short while.

SQLite's own waiting backs off to a tenth of a second, and with several writers the unlucky one starves for seconds.
A lock file asked for every millisecond keeps the turns short; the kernel gives it back when its holder dies.
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
    descriptor = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    try:
        _wait(descriptor, deadline=time.monotonic() + timeout)
        yield
    finally:
        os.close(descriptor)  # closing gives the turn back


def _wait(descriptor: int, *, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LedgerUnavailableError("ledger: locked by another writer for too long; try again") from None
            time.sleep(_PAUSE_SECONDS)
