"""The ledger on SQLite and PostgreSQL: append once, keep everything, prove it, sign it, fail closed."""

import sqlite3
import threading
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from provenance.canonical import sha256_hex
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.errors import LedgerConflictError, LedgerUnavailableError
from provenance.keys import CheckpointKey, TrustStore
from provenance.ledger import Ledger, Receipt, create_tables, merkle
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint
from provenance.ledger.engines import parse_url
from tests.provenance.conftest import NOW, new_database

LOG = "studio.example/health"


def entry(
    number: int, *, log: str = LOG, record: str | None = None, note: str = "", digest: str | None = None
) -> bytes:
    asset = {"sha256": digest, "pixel_sha256": sha256_hex(b"pixels"), "media_type": "image/png"} if digest else None
    return canonical_entry(
        log=log, entry_id=entry_id(log, EntryKind.PICTURE, str(number)), kind=EntryKind.PICTURE, at=NOW,
        record=record, asset=asset, body={"number": number, "note": note},
    )  # fmt: skip


def fill(ledger: Ledger, count: int, *, log: str = LOG) -> list[Receipt]:
    return [ledger.append(entry(number, log=log)) for number in range(count)]


def test_an_append_returns_where_the_entry_stands(ledger: Ledger) -> None:
    receipts = fill(ledger, 5)
    assert [receipt.sequence for receipt in receipts] == [0, 1, 2, 3, 4]
    assert receipts[3] == Receipt(LOG, entry_id(LOG, EntryKind.PICTURE, "3"), 3, merkle.leaf_hash(entry(3)).hex(), 4)
    assert ledger.size(LOG) == 5
    assert ledger.receipt(receipts[2].entry_id) == receipts[2]


def test_the_same_bytes_again_give_the_old_receipt(ledger: Ledger) -> None:
    receipts = fill(ledger, 3)
    assert ledger.append(entry(1)) == receipts[1]
    assert ledger.size(LOG) == 3


def test_other_bytes_under_the_same_id_are_an_alarm(ledger: Ledger) -> None:
    fill(ledger, 2)
    with pytest.raises(LedgerConflictError, match="other contents") as caught:
        ledger.append(entry(1, note="changed my mind"))
    assert caught.value.permanent
    assert ledger.size(LOG) == 2


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", entry(1) + b"\n"])
def test_only_canonical_entries_are_taken(small_ledger: Ledger, data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        small_ledger.append(data)


def test_logs_are_apart(ledger: Ledger) -> None:
    fill(ledger, 3)
    other = ledger.append(entry(0, log="studio.example/farm"))
    assert other.sequence == 0
    assert (ledger.size(LOG), ledger.size("studio.example/farm"), ledger.size("nowhere")) == (3, 1, 0)
    assert ledger.logs() == ("studio.example/farm", LOG)


def test_everything_is_found_again(ledger: Ledger) -> None:
    record, digest = f"urn:uuid:{uuid4()}", sha256_hex(b"file")
    ledger.append(entry(0))
    ledger.append(entry(1, record=record, digest=digest))
    ledger.append(entry(2, record=record))
    found = ledger.by_record(record)
    assert [item.sequence for item in found] == [1, 2]
    assert found == tuple(ledger.entries(LOG, start=1))
    assert ledger.by_asset(digest) == ledger.by_pixels(sha256_hex(b"pixels")) == (found[0],)
    assert ledger.entry(found[1].entry_id) == found[1]
    assert ledger.entry(UUID(int=1)) is None
    assert ledger.receipt(UUID(int=1)) is None
    assert (found[0].kind, found[0].body["number"], found[0].canonical) == (
        EntryKind.PICTURE, 1, entry(1, record=record, digest=digest)
    )  # fmt: skip


def test_entries_are_streamed_in_order(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provenance.ledger.store._PAGE", 4)
    fill(ledger, 11)
    assert [item.sequence for item in ledger.entries(LOG)] == list(range(11))
    assert [item.sequence for item in ledger.entries(LOG, start=3, stop=9)] == list(range(3, 9))


def test_roots_and_proofs_hold_at_every_size(ledger: Ledger) -> None:
    fill(ledger, 13)
    roots = {size: ledger.root(LOG, size) for size in range(1, 14)}
    assert ledger.root(LOG) == roots[13]
    frontier = merkle.Frontier()
    for item in ledger.entries(LOG):
        frontier.append(bytes.fromhex(item.leaf))
        assert frontier.root() == roots[frontier.size]
    for size in (1, 2, 7, 13):
        for item in ledger.entries(LOG, stop=size):
            proof = ledger.inclusion_proof(LOG, item.sequence, size)
            assert merkle.verify_inclusion(bytes.fromhex(item.leaf), item.sequence, size, proof, roots[size])
        assert merkle.verify_consistency(size, 13, roots[size], roots[13], ledger.consistency_proof(LOG, size, 13))


def test_a_checkpoint_is_signed_once_for_a_size(
    ledger: Ledger, checkpoint_key: CheckpointKey, trust: TrustStore, now: datetime
) -> None:
    assert ledger.latest_checkpoint(LOG) is None
    fill(ledger, 3)
    note = ledger.checkpoint(LOG, checkpoint_key, now=now)
    assert note == ledger.checkpoint(LOG, checkpoint_key, now=now) == ledger.latest_checkpoint(LOG)
    opened = open_checkpoint(note, origin=LOG, keys=trust.checkpoint_keys(LOG))
    assert opened == Checkpoint(LOG, 3, ledger.root(LOG))
    ledger.append(entry(9))
    assert Checkpoint.parse(ledger.checkpoint(LOG, checkpoint_key, now=now)).size == 4


def test_a_checkpoint_of_another_log_or_key_does_not_open(
    small_ledger: Ledger, checkpoint_key: CheckpointKey, trust: TrustStore, now: datetime
) -> None:
    fill(small_ledger, 1)
    note = small_ledger.checkpoint(LOG, checkpoint_key, now=now)
    keys = trust.checkpoint_keys(LOG)
    with pytest.raises(ValueError, match="of the log"):
        open_checkpoint(note, origin="studio.example/farm", keys=keys)
    with pytest.raises(ValueError, match="signature"):
        open_checkpoint(note.replace("\n1\n", "\n2\n"), origin=LOG, keys=keys)
    with pytest.raises(ValueError, match="checkpoint"):
        Checkpoint.parse("origin\n01\nAAAA\n")


def test_rows_cannot_be_changed_deleted_or_replaced(ledger: Ledger, ledger_url: str) -> None:
    fill(ledger, 2)
    statements = [
        "UPDATE ledger_entry SET kind = 'release'",
        "DELETE FROM ledger_entry WHERE sequence = 1",
        "UPDATE ledger_node SET hash = hash",
        "DELETE FROM ledger_node",
        "UPDATE ledger_checkpoint SET note = ''",
    ]
    if ledger_url.startswith("sqlite"):
        statements += [
            "INSERT OR REPLACE INTO ledger_entry SELECT log, 1, entry_id, kind, record, asset_sha256,"
            " asset_pixel_sha256, canonical FROM ledger_entry WHERE sequence = 0",
            "REPLACE INTO ledger_node SELECT log, level, position, zeroblob(32) FROM ledger_node",
        ]
    else:
        statements += [f"TRUNCATE {table}" for table in ("ledger_entry", "ledger_node", "ledger_checkpoint")]
    ledger.checkpoint(LOG, _any_key(), now=NOW)
    before = list(ledger.entries(LOG))
    engine = create_engine(parse_url(ledger_url))
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    assert list(ledger.entries(LOG)) == before


def _any_key() -> CheckpointKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from provenance.keys.notes import verifier_key

    private = Ed25519PrivateKey.generate()
    return CheckpointKey("any", str(verifier_key("any", private.public_key().public_bytes_raw())), private)


def test_tables_may_be_made_again(ledger: Ledger, ledger_url: str) -> None:
    fill(ledger, 2)
    create_tables(ledger_url)
    assert ledger.size(LOG) == 2


def test_the_writing_role_may_only_insert_and_select(postgresql: str) -> None:
    url = new_database(postgresql)
    writer = f"writer_{uuid4().hex}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {writer} LOGIN")
    create_tables(url, writer=writer)
    mine = url.replace("postgres:@", f"{writer}@")
    ledger = Ledger(mine)
    assert ledger.append(entry(1)).sequence == 0
    ledger.checkpoint(LOG, _any_key(), now=NOW)
    assert not ledger.may_rewrite()
    ledger.close()
    owner = Ledger(url)
    assert owner.may_rewrite(), "who made the tables may"
    owner.close()
    for statement in ("UPDATE ledger_entry SET kind = 'x'", "DELETE FROM ledger_node", "DROP TABLE ledger_checkpoint"):
        with psycopg.connect(mine) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_threads_share_a_ledger(ledger: Ledger) -> None:
    threads = [threading.Thread(target=ledger.append, args=(entry(number),)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.sequence for item in ledger.entries(LOG)] == list(range(12))


def test_a_missing_ledger_is_unavailable_and_is_not_made(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'missing.sqlite3'}")
    for call in (lambda: ledger.append(entry(1)), lambda: ledger.size(LOG), lambda: ledger.by_record("urn:uuid:1")):
        with pytest.raises(LedgerUnavailableError, match="LEDGER_URL") as caught:
            call()
        assert not caught.value.permanent
    assert not (tmp_path / "missing.sqlite3").exists()


def test_a_database_without_tables_is_unavailable(tmp_path: Path, postgresql: str) -> None:
    sqlite3.connect(tmp_path / "empty.sqlite3").close()
    for url in (str(tmp_path / "empty.sqlite3"), new_database(postgresql)):
        ledger = Ledger(url)
        with pytest.raises(LedgerUnavailableError):
            ledger.append(entry(1))
        ledger.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(LedgerUnavailableError):
        Ledger("postgresql://nobody@127.0.0.1:9/nothing").size(LOG)


def test_a_locked_ledger_is_unavailable_after_a_while(
    small_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provenance.ledger.engines.TIMEOUT_SECONDS", 0.2)
    blocker = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailableError, match="locked"):
        small_ledger.append(entry(1))
    blocker.execute("ROLLBACK")
    blocker.close()
    assert small_ledger.append(entry(1)).sequence == 0


def test_waiting_for_a_turn_ends(small_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr("provenance.ledger.store.TIMEOUT_SECONDS", 0.1)
    with (tmp_path / "ledger.sqlite3-turn").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(LedgerUnavailableError, match="another writer"):
            small_ledger.append(entry(1))


def test_a_read_only_server_refuses_to_append(postgresql: str) -> None:
    url = new_database(postgresql)
    create_tables(url)
    name = parse_url(url).database
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    ledger = Ledger(url)
    with pytest.raises(LedgerUnavailableError, match="read-only"):
        ledger.append(entry(1))
    assert ledger.size(LOG) == 0
    ledger.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_urls_that_cannot_be_served_are_named(url: str) -> None:
    with pytest.raises(ValueError, match="LEDGER_URL"):
        Ledger(url)


def test_a_closed_ledger_connects_again(ledger: Ledger) -> None:
    fill(ledger, 1)
    ledger.close()
    ledger.close()
    assert ledger.size(LOG) == 1


def test_many_subtrees_are_fetched_in_several_questions(small_ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(small_ledger, 23)
    whole = small_ledger.inclusion_proof(LOG, 9, 23)
    monkeypatch.setattr("provenance.ledger.rows._MOST_AT_ONCE", 2)
    assert small_ledger.inclusion_proof(LOG, 9, 23) == whole
    assert len(whole) > 2


PLACES = [[], [0], [6], [0, 1, 2], [1, 3, 4, 6], [0, 1, 2, 3, 4, 5, 6], [2, 5], [5, 9]]


@pytest.mark.parametrize("at_once", [2, 3, 2000])
def test_the_bytes_at_some_places(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("provenance.ledger.rows._MOST_PLACES", at_once)
    fill(ledger, 7)
    fill(ledger, 9, log="studio.example/farm")
    for places in PLACES:
        assert ledger.canonical_at(LOG, places) == [(place, entry(place)) for place in places if place < 7]
