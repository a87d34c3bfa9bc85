"""A whole ledger copied from one database into another, row by row: for backups, and for a move to another engine.

- The copy is the ledger as it was at one moment, whatever is appended meanwhile.
- It goes into an empty database alone, in one transaction, and gets the triggers of every ledger.
- Nothing is judged on the way: what was tampered with is copied as it is, and the copy's audit names it.

A copy in SQLite is a single file that `python -m provenance ledger verify` reads without a server.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, insert, inspect, select
from sqlalchemy.pool import NullPool

from provenance.errors import LedgerConflictError
from provenance.ledger import merkle, rows, tables
from provenance.ledger.engines import administrator_engine, guarded, parse_url

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Copied:
    """Where one log stood: its entries, the root over them (hexadecimal), its last checkpoint's note or nothing."""

    log: str
    size: int
    root: str
    checkpoint: str


def is_empty(admin_url: str) -> bool:
    """Whether a database has no row of a ledger, with or without its tables. Raises LedgerUnavailableError."""
    with guarded(), administrator_engine(admin_url) as engine, engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        return not any(_has_rows(connection, name) for name in sorted(there & set(tables.metadata.tables)))


def copy(source: Connection, admin_url: str, *, writer: str | None = None) -> tuple[Copied, ...]:
    """Copy everything that a connection sees into an empty database, making its tables; returns where each log stands.

    `writer` is the role that will append there. Raises LedgerUnavailableError, LedgerConflictError when the database
    has rows already or the copy is not what was read.
    """
    if not is_empty(admin_url):
        raise LedgerConflictError("ledger: the database to copy into has entries already; give it an empty one")
    found = standing(source)
    tables.create_tables(admin_url, writer=writer, fill=lambda into: _fill(source, into))
    with guarded(), administrator_engine(admin_url) as engine, engine.connect() as connection:
        if standing(connection) != found:
            raise LedgerConflictError("ledger: the copy is not what was read; remove it and try again")
    return found


def copy_file(file: Path, admin_url: str, *, writer: str | None = None) -> tuple[Copied, ...]:
    """Copy a ledger that lies in a file which nobody writes, without touching the file; otherwise as `copy`."""
    url = parse_url(str(file)).set(database=f"file:{file}", query={"mode": "ro", "immutable": "1", "uri": "true"})
    engine = create_engine(url, poolclass=NullPool)
    try:
        with guarded(), engine.connect() as source:
            return copy(source, admin_url, writer=writer)
    finally:
        engine.dispose()


def standing(connection: Connection) -> tuple[Copied, ...]:
    """Where every log of a database stands. Raises LedgerConflictError where its tree has a hole."""
    found = []
    for log in connection.scalars(select(rows.ENTRY.log).distinct().order_by(rows.ENTRY.log)).all():
        size, last = rows.size(connection, log), rows.latest_checkpoint(connection, log)
        root = merkle.root(size, rows.subtrees(connection, log))
        found.append(Copied(log, size, root.hex(), str(last.note) if last is not None else ""))
    return tuple(found)


def _has_rows(connection: Connection, name: str) -> bool:
    return connection.execute(select(tables.metadata.tables[name]).limit(1)).first() is not None


def _fill(source: Connection, into: Connection) -> None:
    for table in tables.metadata.sorted_tables:
        everything = select(table).order_by(*table.primary_key)
        for page in source.execute(everything, execution_options={"yield_per": _PAGE}).partitions():
            into.execute(insert(table), [row._asdict() for row in page])
