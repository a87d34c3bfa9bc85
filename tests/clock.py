"""A wall clock that tests can step, for processes that were started with it (libfaketime)."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


class Clock:
    """The clock of every process that has `environment`; each looks once a second whether it was stepped.

    Monotonic time goes on as it is.
    """

    def __init__(self, folder: Path) -> None:
        package = find_spec("libfaketime")
        assert package is not None
        assert package.origin is not None
        library = Path(package.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
        self._file = folder / "clock"
        self._step(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @contextmanager
    def stepped(self, seconds: int) -> Iterator[None]:
        """The clock is so far ahead (negative: behind) until the block ends."""
        self._step(seconds)
        try:
            yield
        finally:
            self._step(0)

    def _step(self, seconds: int) -> None:
        # Whole or not at all: processes read it at any moment.
        whole = self._file.with_suffix(".new")
        whole.write_text(f"{seconds:+d}\n", encoding="ascii")
        whole.replace(self._file)
