"""What an index keeps in memory: every row once, by its number, whatever the pages and logs, in room that grows."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from provenance.ledger import create_tables, tables
from provenance.ledger.engines import Engines
from provenance.ledger.gathering import Gathered, Growing


def write(engines: Engines, *rows: tuple[str, int, str]) -> None:
    with engines.writing() as connection:
        for log, sequence, value in rows:
            connection.execute(insert(tables.fingerprints), {"log": log, "sequence": sequence, "value": value})


def read(gathered: Gathered, engines: Engines) -> list[list[str]]:
    with engines.reading() as connection:
        return list(gathered.new(connection, tables.fingerprints))


def test_every_row_is_gathered_once_and_numbered_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provenance.ledger.gathering._PAGE", 2)
    create_tables(str(tmp_path / "ledger.sqlite3"))
    engines, gathered = Engines(str(tmp_path / "ledger.sqlite3")), Gathered()
    assert (read(gathered, engines), len(gathered)) == ([], 0)
    write(engines, ("b", 0, "b0"), ("b", 4, "b4"), ("b", 7, "b7"), ("a", 0, "a0"))
    assert read(gathered, engines) == [["a0"], ["b0", "b4"], ["b7"]]
    assert read(gathered, engines) == []
    write(engines, ("c", 3, "c3"), ("b", 8, "b8"), ("a", 1, "a1"), ("a", 2, "a2"))
    assert read(gathered, engines) == [["a1", "a2"], ["b8"], ["c3"]]
    assert [gathered.place(number) for number in range(len(gathered))] == [
        ("a", 0), ("b", 0), ("b", 4), ("b", 7), ("a", 1), ("a", 2), ("b", 8), ("c", 3)
    ]  # fmt: skip
    engines.close()


def test_what_was_handed_out_is_not_handed_out_again_if_the_reader_fails(tmp_path: Path) -> None:
    create_tables(str(tmp_path / "ledger.sqlite3"))
    engines, gathered = Engines(str(tmp_path / "ledger.sqlite3")), Gathered()
    write(engines, ("a", 0, "a0"), ("b", 0, "b0"))
    with engines.reading() as connection:
        assert next(gathered.new(connection, tables.fingerprints)) == ["a0"]
    assert read(gathered, engines) == [["b0"]]
    assert len(gathered) == 2
    engines.close()


@pytest.mark.parametrize("shape", [(), (3,)])
def test_an_array_grows_with_room_to_spare(shape: tuple[int, ...]) -> None:
    growing = Growing(np.empty((0, *shape), dtype=np.int32))
    whole = np.arange(40 * int(np.prod(shape, dtype=int)), dtype=np.int32).reshape(40, *shape)
    rooms = set()
    for begin, end in ((0, 0), (0, 3), (3, 4), (4, 6), (6, 7), (7, 30), (30, 40)):
        growing.add(whole[begin:end])
        rooms.add(len(growing._room))
        assert growing.filled.dtype == np.int32
        assert np.array_equal(growing.filled, whole[:end])
    assert rooms == {0, 3, 6, 12, 30, 60}, "doubled, or as large as is needed"
