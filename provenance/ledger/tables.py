"""The ledger's tables and the triggers that make them append-only, on SQLite and on PostgreSQL.

- `ledger_entry` holds the canonical bytes; its other columns only make them findable.
- `ledger_node` holds every complete subtree's hash, level 0 being the leaves; a row never changes once written.
- `ledger_checkpoint` holds the signed notes, at most one for each size of a log.
- `ledger_anchor` holds the time-stamps over checkpoints, numbered from 0 in each log.
- `ledger_fingerprint` and `ledger_landmarks` make entries findable by what their picture, or a part of it, looks like,
  `ledger_watermark` by the mark that was put into it; they, too, are only indexes.

Triggers refuse UPDATE, DELETE and TRUNCATE, and a row that would replace another. On PostgreSQL the writing role is
granted INSERT and SELECT alone; SQLite has no roles, so there the triggers and the checkpoints kept elsewhere are all
that stands in the way of whoever can write to the file.
"""

import base64
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from provenance.ledger.engines import administrator_engine, guarded
from provenance.ledger.records import LedgerEntry

metadata = MetaData()

entries = Table(
    "ledger_entry",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("record", String(80)),
    Column("asset_sha256", String(64)),
    Column("asset_pixel_sha256", String(64)),
    Column("canonical", LargeBinary, nullable=False),
    UniqueConstraint("entry_id", name="ledger_entry_id"),
    Index("ledger_entry_record", "record"),
    Index("ledger_entry_asset", "asset_sha256"),
    Index("ledger_entry_pixels", "asset_pixel_sha256"),
)

nodes = Table(
    "ledger_node",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

checkpoints = Table(
    "ledger_checkpoint",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("note", Text, nullable=False),
)

anchors = Table(
    "ledger_anchor",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("token", LargeBinary, nullable=False),
)

fingerprints = Table(
    "ledger_fingerprint",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("value", String(80), nullable=False),
)

landmarks = Table(
    "ledger_landmarks",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("value", LargeBinary, nullable=False),
)

watermarks = Table(
    "ledger_watermark",
    metadata,
    Column("log", String(255), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("value", String(160), nullable=False),
    Index("ledger_watermark_value", "value"),
)

INDEXES = (fingerprints, landmarks, watermarks)

# Which rows an insert would replace: SQLite's INSERT OR REPLACE removes rows without firing their delete triggers.
_SAME_ROW = {
    "ledger_entry": "(log = NEW.log AND sequence = NEW.sequence) OR entry_id = NEW.entry_id",
    "ledger_node": "log = NEW.log AND level = NEW.level AND position = NEW.position",
    "ledger_checkpoint": "log = NEW.log AND size = NEW.size",
    "ledger_anchor": "log = NEW.log AND number = NEW.number",
    "ledger_fingerprint": "log = NEW.log AND sequence = NEW.sequence",
    "ledger_landmarks": "log = NEW.log AND sequence = NEW.sequence",
    "ledger_watermark": "log = NEW.log AND sequence = NEW.sequence",
}


def create_tables(
    admin_url: str, *, writer: str | None = None, fill: Callable[[Connection], None] | None = None
) -> None:
    """Make tables and triggers where they are missing; safe to repeat. `writer` is the role the application uses.

    `fill` writes the first rows, before the triggers look at each. Raises LedgerUnavailableError when the database
    cannot be reached or the role does not exist.
    """
    with guarded(), administrator_engine(admin_url) as engine, engine.begin() as connection:
        metadata.create_all(connection)
        if fill is not None:
            fill(connection)
        for statement in _statements(connection.dialect.name):
            connection.execute(text(statement))
        if writer is not None and connection.dialect.name == "postgresql":
            _grant(connection, writer)


def row(entry: LedgerEntry, sequence: int) -> dict[str, Any]:
    """The columns of an entry at a place in its log; all but the bytes are derived from the bytes."""
    asset = entry.asset or {}
    return {
        "log": entry.log,
        "sequence": sequence,
        "entry_id": str(entry.entry_id),
        "kind": entry.kind.value,
        "record": entry.record,
        "asset_sha256": asset.get("sha256"),
        "asset_pixel_sha256": asset.get("pixel_sha256"),
        "canonical": entry.canonical,
    }


def index_values(entry: LedgerEntry) -> dict[Table, str | bytes]:
    """What makes an entry findable by its picture's looks and mark: the value for each index that it belongs in."""
    asset = entry.asset or {}
    values: dict[Table, str | bytes] = {
        fingerprints: asset.get("fingerprint", ""),
        landmarks: base64.b64decode(asset.get("landmarks", "")),
        watermarks: asset.get("watermark", ""),
    }
    return {table: value for table, value in values.items() if value}


def _grant(connection: Connection, writer: str) -> None:
    role = connection.dialect.identifier_preparer.quote_identifier(writer)
    for table in metadata.sorted_tables:
        connection.execute(text(f"REVOKE ALL ON {table.name} FROM PUBLIC, {role}"))
        connection.execute(text(f"GRANT INSERT, SELECT ON {table.name} TO {role}"))


def _statements(dialect: str) -> Iterator[str]:
    if dialect == "sqlite":
        for table, same_row in _SAME_ROW.items():
            yield from _sqlite_triggers(table, same_row)
        return
    yield (
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$"
    )
    for table in _SAME_ROW:
        yield (
            f"CREATE OR REPLACE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION ledger_refuse()"
        )
        yield (
            f"CREATE OR REPLACE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
        )


def _sqlite_triggers(table: str, same_row: str) -> Iterator[str]:
    refuse = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    replaces = f"EXISTS (SELECT 1 FROM {table} WHERE {same_row})"  # noqa: S608  # both names are from this module
    for verb in ("UPDATE", "DELETE"):
        yield f"CREATE TRIGGER IF NOT EXISTS {table}_{verb.lower()} BEFORE {verb} ON {table} {refuse}"
    yield f"CREATE TRIGGER IF NOT EXISTS {table}_replace BEFORE INSERT ON {table} WHEN {replaces} {refuse}"
