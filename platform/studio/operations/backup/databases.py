"""The studio's database as it is at one moment, into a file and back, with the means of its own engine.

SQLite's own backup interface, or PostgreSQL's `pg_dump` and `pg_restore`, which must be installed and not be older than
the server. A password never stands in a command line. What is nobody's to keep stays out: sessions, and the cache where
it is a table.
"""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from psycopg.conninfo import make_conninfo

from studio.operations.backup.manifest import BackupError

SQLITE, POSTGRESQL = "studio.sqlite3", "studio.pgdump"


class Snapshot(Protocol):
    """The database, seen as it was when `take` was called."""

    def take(self) -> None:
        """Fix the moment."""

    def write(self, folder: Path) -> str:
        """Write it into a backup's folder; returns the file's name. Raises BackupError."""


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """A way to copy the studio's database. Raises BackupError where this engine's is not installed."""
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        with closing(sqlite3.connect(f"file:{name}?mode=ro", uri=True, isolation_level=None)) as source:
            yield _SqliteSnapshot(source)
        return
    _run("pg_dump", "--version")
    with psycopg.connect(_address(), password=_password()) as source:
        source.isolation_level, source.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        yield _PostgresqlSnapshot(source)


def is_empty() -> bool:
    """Whether the studio's database has no table yet."""
    try:
        return not connection.introspection.table_names()
    finally:
        connection.close()


def require_readable(file: Path) -> None:
    """Raise BackupError where this installation cannot take such a file, before anything is written."""
    vendor = "sqlite" if file.name == SQLITE else "postgresql"
    if connection.vendor != vendor:
        raise BackupError(
            f"The backup's database is {vendor}, DATABASE_URL is {connection.vendor}: restore it on the same engine."
        )
    if vendor == "postgresql":
        _run("pg_restore", "--list", str(file))


def restore(file: Path) -> None:
    """Fill this installation's empty database from such a file. Raises BackupError, and then nothing is in it."""
    if connection.vendor == "postgresql":
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", file=file)
        return
    target = Path(connection.settings_dict["NAME"])
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as source,
        closing(sqlite3.connect(target)) as into,
    ):
        source.backup(into)


def _forgotten() -> list[str]:
    """Tables whose rows stay out."""
    backend = settings.CACHES["default"]
    return [Session._meta.db_table, *([backend["LOCATION"]] if "DatabaseCache" in backend["BACKEND"] else [])]


class _SqliteSnapshot:
    def __init__(self, source: sqlite3.Connection) -> None:
        self._source = source

    def take(self) -> None:
        self._source.execute("BEGIN")
        self._source.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def write(self, folder: Path) -> str:
        with closing(sqlite3.connect(folder / SQLITE)) as target:
            self._source.backup(target)
            # What is taken out is written over, not only unlinked.
            target.execute("PRAGMA secure_delete = ON")
            for table in _forgotten():
                target.execute(f'DELETE FROM "{table}"')  # noqa: S608  our own names
            target.commit()
        return SQLITE


class _PostgresqlSnapshot:
    def __init__(self, source: "psycopg.Connection[Any]") -> None:
        self._source, self._name = source, ""

    def take(self) -> None:
        row = self._source.execute("SELECT pg_export_snapshot()").fetchone()
        self._name = row[0] if row else ""

    def write(self, folder: Path) -> str:
        left = [f"--exclude-table-data={table}" for table in _forgotten()]
        plain = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={self._name}")
        _run("pg_dump", *plain, *left, f"--file={folder / POSTGRESQL}", connected=True)
        return POSTGRESQL


def _address() -> str:
    """The database in libpq's words, without the password."""
    facts = connection.settings_dict
    # What is libpq's own; the pool is Django's.
    options = {name: value for name, value in facts["OPTIONS"].items() if name != "pool"}
    named = {"dbname": facts["NAME"], "user": facts["USER"], "host": facts["HOST"], "port": facts["PORT"]}
    return make_conninfo(**{name: value for name, value in {**options, **named}.items() if value})


def _password() -> str | None:
    return connection.settings_dict["PASSWORD"] or None


def _run(program: str, *arguments: str, connected: bool = False, file: Path | None = None) -> None:
    """Run one of PostgreSQL's programs. Raises BackupError with its own words and the remedy."""
    command = [program, *arguments]
    if connected or file is not None:
        command += [f"--dbname={_address()}", "--no-password"]
    if file is not None:
        command.append(str(file))
    secret = {"PGPASSWORD": password} if (password := _password()) else {}
    remedy = "install the client programs of PostgreSQL, of the server's version or later, and put them first on PATH"
    try:
        done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupError(f"{program} is not installed here: {remedy}.") from error
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()}\nIf it is too old, {remedy}.")
