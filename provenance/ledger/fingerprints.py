"""Finding entries by what their whole picture looks like: nearest fingerprints among all that were ever recorded.

The table only says where to look; what counts is the fingerprint in the entry's own bytes. Each process keeps all codes
in memory, 32 bytes each, and a look through a million of them is four array operations (docs/adr/0008).
"""

import threading

import numpy as np
from sqlalchemy import Connection

from provenance.fingerprint import code_bits, code_words
from provenance.ledger import tables
from provenance.ledger.gathering import Gathered, Growing, Place


class FingerprintIndex:
    """All recorded codes of a ledger, kept up to date. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gathered = Gathered()
        self._words = tuple(Growing(np.empty(0, dtype=np.uint64)) for _ in range(4))

    def nearest(self, connection: Connection, iscc: str, *, within: int, most: int) -> list[tuple[Place, int]]:
        """At most `most` places (log, sequence) with their distance in bits, nearest first, none beyond `within`."""
        wanted = np.frombuffer(code_bits(iscc), dtype=np.uint64)
        with self._lock:
            self._catch_up(connection)
            distances = np.zeros(len(self._gathered), dtype=np.uint16)
            for word, bits in zip(self._words, wanted, strict=True):
                distances += np.bitwise_count(word.filled ^ bits)
            near = np.flatnonzero(distances <= within)
            order = near[np.argsort(distances[near], kind="stable")][:most]
            return [(self._gathered.place(int(at)), int(distances[at])) for at in order]

    def _catch_up(self, connection: Connection) -> None:
        for values in self._gathered.new(connection, tables.fingerprints):
            for word, column in zip(self._words, code_words(values).T, strict=True):
                word.add(column)
