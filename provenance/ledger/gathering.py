"""What an index keeps in memory of an append-only table: which rows it has seen, and where each of them points.

Because nothing is ever changed or removed, what was read once stays good, and only what is new is read again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, Table, select

Place = tuple[str, int]
_PAGE = 20_000


class Gathered:
    """The places (log, sequence) of all rows read so far; each has the number under which it was gathered."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._logs: list[str] = []
        self._log = Growing(np.empty(0, dtype=np.uint16))
        self._sequence = Growing(np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self._log.filled)

    def place(self, number: int) -> Place:
        """Where the row of this number points."""
        return self._logs[self._log.filled[number]], int(self._sequence.filled[number])

    def new(self, connection: Connection, table: Table) -> Iterator[list[Any]]:
        """The values of the rows that were added since the last call, in pages; each row gets the next number."""
        for log in _logs(connection, table):
            while page := self._page(connection, table, log):
                # What is handed out is noted first: a row is never numbered twice, whatever the reader makes of it.
                self._note(log, [row.sequence for row in page])
                yield [row.value for row in page]

    def _page(self, connection: Connection, table: Table, log: str) -> Sequence[Row[*tuple[Any, ...]]]:
        columns, last = table.c, self._seen.get(log, -1)
        rows = select(columns.sequence, columns.value).where(columns.log == log, columns.sequence > last)
        return connection.execute(rows.order_by(columns.sequence).limit(_PAGE)).all()

    def _note(self, log: str, sequences: list[int]) -> None:
        if log not in self._seen:
            self._logs.append(log)
        self._seen[log] = sequences[-1]
        self._log.add(np.full(len(sequences), self._logs.index(log), dtype=np.uint16))
        self._sequence.add(np.array(sequences, dtype=np.int64))


class Growing:
    """An array that is added to at its end, with room to spare so that adding does not copy what is there."""

    def __init__(self, empty: NDArray[Any]) -> None:
        """`empty` has the type, and the shape but for its first side, which is 0."""
        self._room = empty
        self._count = 0

    @property
    def filled(self) -> NDArray[Any]:
        """What was added, as a view."""
        return self._room[: self._count]

    def add(self, rows: NDArray[Any]) -> None:
        """Append rows."""
        needed = self._count + len(rows)
        if needed > len(self._room):
            room = np.empty((max(needed, 2 * len(self._room)), *self._room.shape[1:]), dtype=self._room.dtype)
            room[: self._count] = self.filled
            self._room = room
        self._room[self._count : needed] = rows
        self._count = needed


def _logs(connection: Connection, table: Table) -> Iterator[str]:
    """The logs in the table, each found by one step through its key: a grouping would walk through every row."""
    log = connection.scalar(select(table.c.log).order_by(table.c.log).limit(1))
    while log is not None:
        yield str(log)
        following = select(table.c.log).where(table.c.log > log).order_by(table.c.log).limit(1)
        log = connection.scalar(following)
