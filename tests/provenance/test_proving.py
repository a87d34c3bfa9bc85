"""Which entries are in the signed tree, and which are only rows that somebody put into the database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, update

from provenance.keys import CheckpointKey, TrustStore
from provenance.ledger import Ledger, LedgerEntry, tables
from provenance.ledger.engines import parse_url
from tests.provenance.conftest import NOW
from tests.provenance.tampering.scene import drop_triggers
from tests.provenance.test_ledger import LOG, _any_key, entry, fill

ENTRIES, NODES = tables.entries.c, tables.nodes.c
SIGNED = 5
Change = Callable[[Connection], object]
Proven = Callable[[Change], list[int]]


@pytest.fixture
def proven(small_ledger: Ledger, checkpoint_key: CheckpointKey, trust: TrustStore, tmp_path: Path) -> Proven:
    """The places of the entries that are proven, five under a checkpoint and two since, after something was done."""
    fill(small_ledger, SIGNED)
    small_ledger.checkpoint(LOG, checkpoint_key, now=NOW)
    for number in (5, 6):
        small_ledger.append(entry(number))

    def places(change: Change) -> list[int]:
        engine = create_engine(parse_url(str(tmp_path / "ledger.sqlite3")))
        with engine.begin() as connection:
            drop_triggers(connection)
            change(connection)
        engine.dispose()
        found = small_ledger.proven(LOG, list(small_ledger.entries(LOG)), trust.checkpoint_keys(LOG))
        return [one.sequence for one in found]

    return places


def rewritten(sequence: int) -> Change:
    """Another entry in a place, with columns that fit."""
    other = LedgerEntry.parse(sequence, entry(90 + sequence))
    row = tables.row(other, sequence)
    return lambda connection: connection.execute(
        update(tables.entries).where(ENTRIES.sequence == sequence).values(**row)
    )


def test_everything_is_proven_that_was_appended(proven: Proven) -> None:
    assert proven(lambda connection: None) == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("sequence", [0, 4, 5, 6])
def test_another_entry_in_a_place_is_not(proven: Proven, sequence: int) -> None:
    assert proven(rewritten(sequence)) == [place for place in range(7) if place != sequence]


def test_a_row_without_a_leaf_is_not(proven: Proven) -> None:
    row = tables.row(LedgerEntry.parse(7, entry(7)), 7)
    assert proven(lambda connection: connection.execute(insert(tables.entries), row)) == list(range(7))


def test_a_path_that_is_broken_proves_nothing(proven: Proven) -> None:
    lost = delete(tables.nodes).where((NODES.level == 1) & (NODES.position == 0))
    assert proven(lambda connection: connection.execute(lost)) == [0, 1, 4, 5, 6], "2 and 3 need it"


def test_a_checkpoint_by_nobody_known_proves_nothing_but_without_any_key_it_is_taken(
    small_ledger: Ledger, checkpoint_key: CheckpointKey, trust: TrustStore
) -> None:
    fill(small_ledger, 3)
    entries = list(small_ledger.entries(LOG))
    assert small_ledger.proven(LOG, entries, trust.checkpoint_keys(LOG)) == entries, (
        "leaves of a tree nobody signed yet"
    )
    small_ledger.checkpoint(LOG, _any_key(), now=NOW)
    assert small_ledger.proven(LOG, entries, trust.checkpoint_keys(LOG)) == []
    assert small_ledger.proven(LOG, entries, ()) == entries
    assert small_ledger.proven("studio.example/farm", entries, ()) == []
