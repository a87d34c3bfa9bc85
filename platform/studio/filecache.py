"""Django's cache of files, made safe to count in: for one machine without Redis.

- `add` and `incr` are each one step for every process, so two tries at a password never count as one.
- Entries go when their time is over, never for want of room: whoever can fill a cache must not make it forget.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.filebased import FileBasedCache
from django.core.files import locks

SWEEP_SECONDS = 60


class SharedFiles(FileBasedCache):
    """Files in one folder, under locks that its processes share."""

    _dir: str

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep `value` unless there is one; says whether it did."""
        with self._alone(key):
            return super().add(key, value, timeout, version)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Count up. Raises ValueError where nothing is counted yet."""
        with self._alone(key):
            return super().incr(key, delta, version)

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """One of 256 locks, chosen by the key."""
        self._createdir()  # type: ignore[attr-defined]
        with (Path(self._dir) / f"{sha256(key.encode()).hexdigest()[:2]}.lock").open("a") as lock:
            locks.lock(lock, locks.LOCK_EX)
            try:
                yield
            finally:
                locks.unlock(lock)

    def _cull(self) -> None:
        """Once a minute, remove what is over."""
        swept = Path(self._dir) / "swept"
        if swept.exists() and time() - swept.stat().st_mtime < SWEEP_SECONDS:
            return
        swept.touch()
        for name in self._list_cache_files():  # type: ignore[attr-defined]
            try:
                with Path(name).open("rb") as entry:
                    self._is_expired(entry)  # type: ignore[attr-defined]  # removes it, if it is
            except FileNotFoundError:
                continue
