"""Connections to the ledger: durable, patient, one engine for a process, and every failure under one name."""

import os
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from provenance.errors import LedgerConflictError, LedgerUnavailableError
from provenance.ledger import create_tables
from provenance.ledger.engines import Engines, administrator_engine, guarded, parse_url


def shown(engines: Engines, *names: str) -> list[object]:
    """What the database says of its settings."""
    verb = "PRAGMA" if engines.sqlite_file else "SHOW"
    with engines.reading() as connection:
        return [connection.scalar(text(f"{verb} {name}")) for name in names]


def test_connections_are_durable_and_patient(ledger_url: str) -> None:
    engines = Engines(ledger_url)
    if engines.sqlite_file:
        assert shown(engines, "journal_mode", "synchronous", "busy_timeout") == ["wal", 2, 10_000]
    else:
        names = ("lock_timeout", "statement_timeout", "synchronous_commit", "transaction_isolation")
        assert shown(engines, *names) == ["10s", "30s", "on", "read committed"]
        schema = ledger_url.rpartition("%3D")[2]
        assert shown(engines, "search_path") == [schema], "what the URL asks for itself is kept"
    engines.close()


def test_a_connection_that_the_server_ended_is_not_used_again(postgresql: str) -> None:
    engines = Engines(postgresql)
    with engines.reading() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    with psycopg.connect(postgresql, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    with engines.reading() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engines.close()


def test_a_snapshot_sees_one_moment(ledger_url: str) -> None:
    engines, other = Engines(ledger_url), Engines(ledger_url)
    add = text("INSERT INTO ledger_node VALUES ('log', 0, 0, '')")
    count = text("SELECT count(*) FROM ledger_node")
    with engines.snapshot() as connection:
        assert connection.scalar(count) == 0
        with other.writing() as writer:
            writer.execute(add)
        assert connection.scalar(count) == 0
    with engines.reading() as connection:
        assert connection.scalar(count) == 1
    engines.close()
    other.close()


def test_what_was_begun_is_rolled_back_by_an_exception(ledger_url: str) -> None:
    engines = Engines(ledger_url)
    with pytest.raises(RuntimeError), engines.writing() as connection:
        connection.execute(text("INSERT INTO ledger_node VALUES ('log', 0, 0, '')"))
        raise RuntimeError
    with engines.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM ledger_node")) == 0
    engines.close()


def test_writers_lock_from_the_beginning_and_readers_do_not(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    create_tables(str(file))
    engines = Engines(str(file))
    other = sqlite3.connect(file, isolation_level=None, timeout=0)
    with engines.reading():
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    with engines.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    engines.close()


def test_each_process_has_one_engine_and_a_closed_one_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ledger.sqlite3"
    create_tables(str(file))
    engines = Engines(str(file))
    first = engines.current()
    assert engines.current() is first
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    forked = engines.current()
    assert forked is not first
    assert engines.current() is forked
    monkeypatch.undo()
    engines.close()
    assert engines.current() not in (first, forked)
    engines.close()


def test_a_fork_leaves_its_parents_connections_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ledger.sqlite3"
    create_tables(str(file))
    engines = Engines(str(file))
    with engines.current().connect() as connection:
        here = os.getpid()
        monkeypatch.setattr(os, "getpid", lambda: here + 1)
        engines.close()
        assert connection.scalar(text("SELECT 1")) == 1


def test_an_administrator_may_make_the_file_and_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    with pytest.raises(LedgerUnavailableError, match="unable to open"), Engines(str(file)).reading() as connection:
        connection.scalar(text("SELECT 1"))
    assert not file.exists()
    with administrator_engine(str(file)) as engine, engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    assert file.exists()


def test_failures_have_two_names() -> None:
    with (
        pytest.raises(LedgerConflictError, match=r"^ledger: UNIQUE; rows stand where the next entry belongs, run `"),
        guarded(),
    ):
        raise IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE\nmore"))
    with (
        pytest.raises(LedgerUnavailableError, match=r"^ledger: no such table; check LEDGER_URL, that its database"),
        guarded(),
    ):
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("no such table\nmore"))
    with pytest.raises(LedgerUnavailableError, match=r"^ledger: the disk is full; check LEDGER_URL"), guarded():
        raise OSError("the disk is full")
    with pytest.raises(KeyError), guarded():
        raise KeyError("ours")


def test_urls_are_read_as_they_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_url("a.sqlite3").database == str(tmp_path / "a.sqlite3")
    assert parse_url(f"sqlite:///{tmp_path}/b.sqlite3").database == f"{tmp_path}/b.sqlite3"
    server = parse_url("postgresql://writer@host:5433/ledger?sslmode=require")
    assert (server.drivername, server.username, server.host, server.port, server.database) == (
        "postgresql+psycopg", "writer", "host", 5433, "ledger"
    )  # fmt: skip
    assert server.query == {"sslmode": "require"}
    assert Engines(f"sqlite:///{tmp_path}/b.sqlite3").sqlite_file == tmp_path / "b.sqlite3"
    assert Engines("postgresql://host/ledger").sqlite_file is None
    with pytest.raises(ValueError, match=r"^LEDGER_URL: not a database URL"):
        parse_url("://")
    with pytest.raises(ValueError, match=r"^LEDGER_URL: mysql is not served"):
        parse_url("mysql://host/name")
