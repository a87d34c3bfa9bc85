"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def until(done: Callable[[], bool], *, within_s: float) -> None:
    """Ask again and again. Raises TimeoutError when it does not come within so many seconds."""
    deadline = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within_s:g} seconds")
        time.sleep(0.2)
