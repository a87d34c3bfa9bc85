"""Finding entries by what their picture looks like: nearest fingerprints among all that were ever recorded.

The table only says where to look; what counts is the fingerprint in the entry's own bytes. Because nothing is ever
changed or removed, what was read once stays good, so each process keeps all codes in memory (32 bytes each) and reads
only what is new. A look through a million codes is one array operation.
"""

import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from provenance.fingerprint import code_bits
from provenance.ledger import tables

Place = tuple[str, int]
_CODE_BYTES = 32


class FingerprintIndex:
    """All recorded codes of a ledger, kept up to date. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._places: list[Place] = []
        self._codes: NDArray[np.uint8] = np.empty((0, _CODE_BYTES), dtype=np.uint8)

    def nearest(self, connection: Connection, iscc: str, *, within: int, most: int) -> list[tuple[Place, int]]:
        """At most `most` places (log, sequence) with their distance in bits, nearest first, none beyond `within`."""
        wanted = np.frombuffer(code_bits(iscc), dtype=np.uint8)
        with self._lock:
            self._catch_up(connection)
            distances = np.bitwise_count(self._codes ^ wanted).sum(axis=1, dtype=np.int64)
            near = np.flatnonzero(distances <= within)
            order = near[np.argsort(distances[near], kind="stable")][:most]
            return [(self._places[at], int(distances[at])) for at in order]

    def _catch_up(self, connection: Connection) -> None:
        new = list(self._new(connection))
        if new:
            codes = np.frombuffer(b"".join(bits for _, bits in new), dtype=np.uint8).reshape(-1, _CODE_BYTES)
            self._codes = np.concatenate([self._codes, codes])
            self._places += [place for place, _ in new]

    def _new(self, connection: Connection) -> Iterator[tuple[Place, bytes]]:
        columns = tables.fingerprints.c
        for log, last in connection.execute(select(columns.log, func.max(columns.sequence)).group_by(columns.log)):
            seen = self._seen.get(log, -1)
            if last <= seen:
                continue
            rows = select(columns.sequence, columns.value).where(columns.log == log, columns.sequence > seen)
            for row in connection.execute(rows.order_by(columns.sequence)):
                yield (log, row.sequence), code_bits(row.value)
            self._seen[log] = last
