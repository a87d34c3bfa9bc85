"""Connections to the ledger's database: one engine per process, durable, and failing closed.

- SQLite: WAL, synchronous FULL, write transactions are IMMEDIATE, a missing file is an error instead of a new ledger.
- PostgreSQL: psycopg 3; lock and statement time limits, so that a stuck server becomes an error.
- An engine made before a fork is never used after it.
- Whatever goes wrong below becomes LedgerUnavailableError.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from provenance.errors import LedgerConflictError, LedgerUnavailableError

TIMEOUT_SECONDS = 10
# Only a connection that is about to write opens its transaction as IMMEDIATE; readers must not queue behind writers.
WRITING = "ledger_writing"


@contextmanager
def guarded() -> Iterator[None]:
    """Turn every failure of the database into LedgerUnavailableError."""
    try:
        yield
    except IntegrityError as error:
        raise LedgerConflictError(
            f"ledger: {_first_line(error)}; rows stand where the next entry belongs, run `ledger verify`"
        ) from error
    except (SQLAlchemyError, OSError) as error:
        raise LedgerUnavailableError(
            f"ledger: {_first_line(error)}; check LEDGER_URL, that its database runs and that its tables were made"
        ) from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]


def parse_url(url: str) -> URL:
    """A SQLAlchemy URL from `postgresql://…`, `sqlite:///…` or the plain path of a SQLite file."""
    if "://" not in url:
        url = f"sqlite:///{Path(url).absolute()}"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ValueError("LEDGER_URL: not a database URL; use sqlite:///path or postgresql://host/name") from error
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ValueError(f"LEDGER_URL: {parsed.drivername} is not served; use a SQLite file or PostgreSQL")
    return parsed


@contextmanager
def administrator_engine(url: str) -> Iterator[Engine]:
    """An engine for making tables: it may create a missing SQLite file, and nothing of it is kept."""
    engine = _engine(parse_url(url), sqlite_mode="rwc", poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


class Engines:
    """Gives each process its own lazily connected engine for one URL."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url)
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._process: int | None = None

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, or None on PostgreSQL."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    def current(self) -> Engine:
        """The engine of this process."""
        with self._lock:
            if self._engine is None or self._process != os.getpid():
                if self._engine is not None:
                    self._engine.dispose(close=False)  # the connections belong to the parent process
                self._engine, self._process = _engine(self.url, sqlite_mode="rw"), os.getpid()
            return self._engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that only reads."""
        with guarded(), self.current().connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection that sees the database as it was at its first query, whatever is appended meanwhile."""
        engine = self.current()
        if engine.dialect.name == "postgresql":  # on SQLite every transaction is one
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with guarded(), engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection in a transaction that is committed at the end, or rolled back by an exception."""
        engine = self.current().execution_options(**{WRITING: True})
        with guarded(), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose(close=self._process == os.getpid())
            self._engine = None


def _engine(url: URL, *, sqlite_mode: str, **options: Any) -> Engine:
    if url.get_backend_name() == "postgresql":
        limits = f"-c lock_timeout={TIMEOUT_SECONDS}s -c statement_timeout={3 * TIMEOUT_SECONDS}s"
        given = url.query.get("options", "")
        arguments = {"connect_timeout": TIMEOUT_SECONDS, "options": f"{given} {limits} -c synchronous_commit=on"}
        return create_engine(url, connect_args=arguments, pool_pre_ping=True, **options)
    file = url.set(database=f"file:{url.database}", query={"mode": sqlite_mode, "uri": "true"})
    engine = create_engine(file, connect_args={"timeout": TIMEOUT_SECONDS}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are opened below, not by the driver
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
