"""An empty installation with production's settings in a folder that goes afterwards, on either database."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

from tests.processes import set_up
from tests.production.engines import authority, postgresql
from tests.production.installation import Site, fill, settings


class Database(StrEnum):
    """Where rows and ledger are."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"


@contextmanager
def databases(kind: Database, folder: Path) -> Iterator[dict[str, str]]:
    """What the environment says of the databases; PostgreSQL's server runs meanwhile."""
    if kind == Database.SQLITE:
        yield {}
        return
    with postgresql(folder / "postgresql") as (_, environment):
        yield environment


@contextmanager
def place(kind: Database, *, creators: int, manned: bool = False) -> Iterator[Site]:
    """An organisation with three projects. Sets Django up, so once in a process.

    Workers may be started where it is `manned`: with production's settings they want a time-stamp authority.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imprimatur-promise-")))
        os.environ.update(settings(folder, quick=False))
        os.environ.update(stack.enter_context(databases(kind, folder)))
        if manned:
            os.environ.update(stack.enter_context(authority(folder)))
        set_up()
        yield fill(creators=creators)
