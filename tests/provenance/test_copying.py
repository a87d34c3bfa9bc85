"""A whole ledger copied between engines: as of one moment, into an empty database alone, and still a ledger."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from provenance.errors import LedgerConflictError
from provenance.ledger import Ledger, copy_file, create_tables, is_empty
from provenance.ledger.engines import parse_url
from tests.provenance.conftest import NOW, new_database
from tests.provenance.test_ledger import LOG, _any_key, entry, fill

OTHER = "studio.example/water"


def opened(url: str) -> list[tuple[int, bytes]]:
    """Every entry of a ledger."""
    ledger = Ledger(url)
    try:
        return [(item.sequence, item.canonical) for log in ledger.logs() for item in ledger.entries(log)]
    finally:
        ledger.close()


def test_a_copy_is_the_ledger_and_so_is_the_copy_of_it(ledger: Ledger, tmp_path: Path, postgresql: str) -> None:
    fill(ledger, 7)
    fill(ledger, 3, log=OTHER)
    file = tmp_path / "copy.sqlite3"
    assert is_empty(str(file))
    stood = ledger.copy_to(str(file))
    assert [(log.log, log.size, log.root, log.checkpoint) for log in stood] == [
        (LOG, 7, ledger.root(LOG).hex(), ""),
        (OTHER, 3, ledger.root(OTHER).hex(), ""),
    ]
    before = file.read_bytes()
    back = [new_database(postgresql), str(tmp_path / "back.sqlite3")]
    for url in back:
        assert copy_file(file, url) == stood
        assert opened(url) == opened(str(file))
        again = Ledger(url)
        assert again.append(entry(7)).sequence == 7, "it goes on"
        assert again.append(entry(3)).sequence == 3, "and knows what it has"
        again.close()
    assert file.read_bytes() == before


def test_a_copy_refuses_changes_as_every_ledger_does(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, 2)
    ledger.copy_to(str(tmp_path / "copy.sqlite3"))
    engine = create_engine(parse_url(str(tmp_path / "copy.sqlite3")))
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("DELETE FROM ledger_entry"))
    engine.dispose()


def test_nothing_is_copied_over_entries(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, 2)
    file = tmp_path / "copy.sqlite3"
    ledger.copy_to(str(file))
    assert not is_empty(str(file))
    with pytest.raises(LedgerConflictError, match="empty one"):
        ledger.copy_to(str(file))


def test_the_moment_is_one_and_nobody_appends_at_it(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    fill(ledger, 4)
    done = threading.Event()

    def append() -> None:
        other = Ledger(ledger_url)
        other.append(entry(4))
        other.close()
        done.set()

    thread = threading.Thread(target=append)

    def meanwhile() -> None:
        thread.start()
        assert not done.wait(0.5), "an entry was appended at the moment"

    (stood,) = ledger.copy_to(str(tmp_path / "copy.sqlite3"), meanwhile=meanwhile)
    thread.join()
    assert stood.size == 4
    assert ledger.size(LOG) == 5


def test_no_checkpoint_is_signed_behind_one_that_was_published(ledger: Ledger, tmp_path: Path) -> None:
    key = _any_key()
    fill(ledger, 5)
    early = ledger.checkpoint(LOG, key, now=NOW)
    ledger.append(entry(5))
    later = ledger.checkpoint(LOG, key, now=NOW, outside=[early])
    assert later.split("\n")[1] == "6"
    assert ledger.checkpoint(LOG, key, now=NOW, outside=[early, later]) == later
    create_tables(str(tmp_path / "old.sqlite3"))
    old = Ledger(str(tmp_path / "old.sqlite3"))
    fill(old, 5)
    with pytest.raises(LedgerConflictError, match="no longer begins with the 6 entries"):
        old.checkpoint(LOG, key, now=NOW, outside=[later])
    assert old.latest_checkpoint(LOG) is None
    old.append(entry(99))
    old.append(entry(100))
    with pytest.raises(LedgerConflictError, match="no longer begins with the 6 entries"):
        old.checkpoint(LOG, key, now=NOW, outside=[later])
    with pytest.raises(LedgerConflictError, match="damaged"):
        old.checkpoint(LOG, key, now=NOW, outside=["half a note"])
    old.close()
