"""What many tests begin with is made once in each process, and put back for the others as it was.

A picture costs its screenings, its signatures and its entries in the ledger, and hundreds of tests begin with one. The
first of them has it made, the whole way; for the others the rows and the files that this left are put back, where the
database and the settings are what they were then. On PostgreSQL everything is made anew: all tests share one ledger
there, and it forgets nothing; and so it is where files lie in a bucket.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.db import connection, transaction

from studio import pipeline

# What migrations fill, and no test changes.
ASIDE = frozenset({"auth_permission", "django_content_type", "django_migrations"})

Tables = Mapping[str, Mapping[int, tuple[Any, ...]]]


class Once(Protocol):
    """Has something made in the installation of this test, or puts back what it left the first time."""

    def __call__(self, name: str, make: Callable[[], object]) -> None:
        """`make` gives nothing back: what it made is found in the database."""


@dataclass(frozen=True, slots=True)
class Change:
    """What making something did: the statements that do it again, with their rows, and all files as they are then."""

    statements: tuple[tuple[str, list[tuple[Any, ...]]], ...]
    files: Path


class Keeper:
    """Makes or puts back. One for each process; `folder` is where it keeps files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changes: dict[str, Change] = {}
        self._known: set[str] = set()

    def __call__(self, name: str, installation: Path, make: Callable[[], object]) -> None:
        """Leave the database and the folder `installation` as `make` leaves them."""
        if not settings.LEDGER_URL.startswith("sqlite") or not settings.STORAGE_URL.startswith("file"):
            make()
            return
        before = _tables()
        state = _digest(before)
        key = f"{name} {state} {_settings(installation)}"
        if found := self._changes.get(key):
            _put_back(found, installation)
            return
        make()
        # What began with something of a test's own is never met again.
        self._known = self._known or {state}
        if state in self._known:
            self._changes[key] = self._change(before, installation)

    def _change(self, before: Tables, installation: Path) -> Change:
        after = _tables()
        self._known.add(_digest(after))
        _close_ledger()
        files = self._folder / str(len(self._changes))
        shutil.copytree(installation, files)
        return Change(tuple(_statements(before, after)), files)


def _statements(before: Tables, after: Tables) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    for table, rows in after.items():
        if gone := before[table].keys() - rows.keys():
            yield f'DELETE FROM "{table}" WHERE rowid = %s', [(number,) for number in gone]  # noqa: S608
        if there := [(number, *row) for number, row in rows.items() if before[table].get(number) != row]:
            with connection.cursor() as cursor:
                columns = [one.name for one in connection.introspection.get_table_description(cursor, table)]
            names, places = ", ".join(f'"{name}"' for name in columns), ", ".join(["%s"] * len(there[0]))
            yield f'INSERT OR REPLACE INTO "{table}" (rowid, {names}) VALUES ({places})', there  # noqa: S608


def _tables() -> dict[str, dict[int, tuple[Any, ...]]]:
    with connection.cursor() as cursor:
        names = sorted(set(connection.introspection.table_names(cursor)) - ASIDE)
        return {name: {row[0]: row[1:] for row in cursor.execute(f'SELECT rowid, * FROM "{name}"')} for name in names}  # noqa: S608


def _digest(tables: Tables) -> str:
    return hashlib.sha256(repr(tables).encode()).hexdigest()


def _settings(installation: Path) -> str:
    """What is set, but for the place."""
    told = "\n".join(_told())
    return hashlib.sha256(told.replace(installation.name, "").encode()).hexdigest()


def _told() -> Iterator[str]:
    for name in sorted(dir(settings)):
        if name.isupper():
            yield f"{name} {getattr(settings, name)!r}"


def _put_back(change: Change, installation: Path) -> None:
    # In one transaction, since rows refer to one another.
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, rows in change.statements:
            cursor.executemany(statement, rows)
    _close_ledger()
    shutil.copytree(change.files, installation, dirs_exist_ok=True)


def _close_ledger() -> None:
    pipeline.ledger().close()
    pipeline.ledger.cache_clear()
