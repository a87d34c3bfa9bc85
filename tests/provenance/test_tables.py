"""The tables themselves: what is written of an entry where, and that no table takes a change of what is written."""

import base64
import fcntl
import hashlib
import os
import struct
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    LargeBinary,
    SmallInteger,
    Table,
    create_engine,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from provenance.canonical import sha256_hex
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.ledger import Ledger, create_tables, merkle, tables
from provenance.ledger.engines import parse_url
from provenance.ledger.records import octets
from provenance.ledger.store import _lock_key
from provenance.ledger.turns import turn
from tests.provenance.conftest import NOW
from tests.provenance.test_ledger import LOG
from tests.provenance.test_looks import code

RECORD = "urn:uuid:2b1f0a54-6a0f-4f2e-9a51-0d4f3a6b7c8d"
LANDMARKS = bytes(range(20))


def full() -> bytes:
    """An entry with everything that an index is made of."""
    asset = {
        "sha256": sha256_hex(b"file"),
        "pixel_sha256": sha256_hex(b"pixels"),
        "media_type": "image/png",
        "fingerprint": code(1),
        "landmarks": base64.b64encode(LANDMARKS).decode(),
        "watermark": "lattice:00ff00ff",
    }
    return canonical_entry(
        log=LOG, entry_id=entry_id(LOG, EntryKind.PICTURE, "1"), kind=EntryKind.PICTURE, at=NOW, record=RECORD,
        asset=asset, body={},
    )  # fmt: skip


def bare() -> bytes:
    """An entry about no picture."""
    return canonical_entry(
        log=LOG, entry_id=entry_id(LOG, EntryKind.POLICY, "2"), kind=EntryKind.POLICY, at=NOW, record=None,
        asset=None, body={},
    )  # fmt: skip


def stored(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """The rows of a table, bytes as bytes."""
    rows = connection.execute(select(table).order_by(*table.primary_key))
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows]


def test_what_is_written_of_an_entry(ledger: Ledger, ledger_url: str) -> None:
    ledger.append(full())
    ledger.append(bare())
    one, other = (str(entry_id(LOG, kind, name)) for kind, name in ((EntryKind.PICTURE, "1"), (EntryKind.POLICY, "2")))
    engine = create_engine(parse_url(ledger_url))
    with engine.connect() as connection:
        assert stored(connection, tables.entries) == [
            (LOG, 0, one, "picture", RECORD, sha256_hex(b"file"), sha256_hex(b"pixels"), full()),
            (LOG, 1, other, "policy", None, None, None, bare()),
        ]
        leaves = [merkle.leaf_hash(full()), merkle.leaf_hash(bare())]
        assert stored(connection, tables.nodes) == [
            (LOG, 0, 0, leaves[0]), (LOG, 0, 1, leaves[1]), (LOG, 1, 0, merkle.node_hash(*leaves))
        ]  # fmt: skip
        assert stored(connection, tables.fingerprints) == [(LOG, 0, code(1))]
        assert stored(connection, tables.landmarks) == [(LOG, 0, LANDMARKS)]
        assert stored(connection, tables.watermarks) == [(LOG, 0, "lattice:00ff00ff")]
    engine.dispose()


def any_row(table: Table) -> dict[str, Any]:
    """Something for every column."""
    kinds = {LargeBinary: b"bytes", BigInteger: 1, SmallInteger: 1}
    return {column.name: kinds.get(type(column.type), "text") for column in table.columns}


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda table: table.name)
def test_no_table_takes_a_change(table: Table, ledger_url: str) -> None:
    create_tables(ledger_url)
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        connection.execute(insert(table), any_row(table))
    last = list(table.columns)[-1]
    changes: list[Executable] = [update(table).values({last.name: last}), delete(table)]
    again = insert(table).prefix_with("OR REPLACE").values(any_row(table))
    changes.append(again if engine.dialect.name == "sqlite" else text(f"TRUNCATE {table.name}"))
    for change in changes:
        with pytest.raises(DBAPIError, match="the ledger is append-only"), engine.begin() as connection:
            connection.execute(change)
    with engine.begin() as connection:
        another = {"log": "other", "entry_id": "other"}
        connection.execute(insert(table), {name: another.get(name, value) for name, value in any_row(table).items()})
        assert len(stored(connection, table)) == 2, "another row is welcome"
    engine.dispose()


def test_an_id_is_taken_once_whatever_the_place(ledger_url: str) -> None:
    engine = create_engine(parse_url(ledger_url))
    row = any_row(tables.entries)
    with engine.begin() as connection:
        connection.execute(insert(tables.entries), row)
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(insert(tables.entries), row | {"sequence": 2})
    if engine.dialect.name == "sqlite":
        other = insert(tables.entries).prefix_with("OR REPLACE").values(row | {"sequence": 2})
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(other)
    engine.dispose()


def test_first_rows_are_written_before_the_triggers_look(tmp_path: Path) -> None:
    url = str(tmp_path / "filled.sqlite3")

    def fill(connection: Connection) -> None:
        connection.execute(insert(tables.nodes), any_row(tables.nodes))
        connection.execute(text("UPDATE ledger_node SET level = 7"))

    create_tables(url, fill=fill)
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        assert stored(connection, tables.nodes) == [("text", 7, 1, b"bytes")]
    engine.dispose()


def test_a_column_holds_bytes_or_it_is_said() -> None:
    assert octets(b"ab") == octets(bytearray(b"ab")) == octets(memoryview(b"ab")) == b"ab"
    assert type(octets(memoryview(b"ab"))) is bytes
    for wrong, name in (("ab", "str"), (None, "NoneType"), (7, "int")):
        with pytest.raises(ValueError, match=f"^a binary column holds {name}$"):
            octets(wrong)


def test_every_process_locks_a_log_by_the_same_number() -> None:
    for log in ("", LOG, "studio.example/Ünïcode"):
        assert (_lock_key(log),) == struct.unpack(">q", hashlib.sha256(log.encode()).digest()[:8])


def test_a_turn_is_given_back_whatever_happens_and_its_files_are_nobody_elses(tmp_path: Path) -> None:
    database = tmp_path / "ledger.sqlite3"
    with pytest.raises(RuntimeError), turn(database, timeout=0):
        raise RuntimeError
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [f"ledger.sqlite3-{place}" for place in ("next", "second", "third", "turn")]
    for file in files:
        assert file.stat().st_mode & 0o117 == 0
        descriptor = os.open(file, os.O_RDWR)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
