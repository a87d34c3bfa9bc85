"""Finding entries by places in their picture, when what is asked about is only a part of it.

All recorded codes lie in memory in their order, twelve bytes each with the number of their entry. A landmark that is
searched for is compared only with those whose first bits are its own, so a look through the twenty-four million
landmarks of a million pictures touches a few of them (docs/adr/0008). The entries that come up most are then compared
whole, from their rows.

- The rarest landmarks are looked up first, and only so many: what a hundred thousand pictures share (a plain corner, a
  logo) says nothing about any of them. That bounds the work, whatever is recorded and whatever is asked.
- It finds most, not all: a picture of which no two landmarks keep their first bits is missed.
"""

import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from provenance.landmarks import BYTES, LARGEST_DIFFERENCE, Agreement, Landmarks, Seen, agreement, unpack
from provenance.ledger import tables
from provenance.ledger.gathering import Gathered, Place

_FIRST_BITS = 18
_MOST_COMPARED = 1 << 18
_CANDIDATES = 48
_LEAST_TESTIMONIES = 2  # one landmark in common is chance
_MERGE_FROM = 4  # a run is merged into one at most so many times as long

Codes = NDArray[np.uint64]
Owners = NDArray[np.uint32]


class LandmarkIndex:
    """All recorded landmarks of a ledger, kept up to date. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gathered = Gathered()
        self._runs: list[tuple[Codes, Owners]] = []

    def best(self, connection: Connection, seen: Seen, *, most: int) -> list[tuple[Place, Agreement]]:
        """At most `most` places whose landmarks agree enough, those with the most first."""
        with self._lock:
            self._catch_up(connection)
            candidates = [self._gathered.place(number) for number in self._candidates(seen)]
        agreed = ((place, agreement(known, seen)) for place, known in _recorded(connection, candidates))
        found = [(place, how) for place, how in agreed if how.enough]
        return sorted(found, key=lambda item: (-item[1].landmarks, item[0]))[:most]

    def _candidates(self, seen: Seen) -> list[int]:
        """The numbers of the entries that most landmarks point to, each landmark weighing more the rarer it is."""
        spans = [_alike(codes, seen.codes) for codes, _ in self._runs]
        common = sum((counts for _, counts in spans), start=np.zeros(len(seen.codes), dtype=np.int64))
        rarest = np.argsort(common, kind="stable")
        asked = rarest[np.cumsum(common[rarest]) <= _MOST_COMPARED]
        weights = np.log2(24.0 * len(self._gathered) + 2.0) - np.log2(common + 1.0)
        found = [
            _pointed(run, seen.codes[asked], begins[asked], counts[asked])
            for run, (begins, counts) in zip(self._runs, spans, strict=True)
        ]
        owners = np.concatenate([np.empty(0, dtype=np.uint32), *(owners for owners, _ in found)])
        weight = np.concatenate([np.empty(0), *(weights[asked][which] for _, which in found)])
        numbers, group, testimonies = np.unique(owners, return_inverse=True, return_counts=True)
        score = np.where(testimonies >= _LEAST_TESTIMONIES, np.bincount(group, weight, len(numbers)), 0.0)
        order = np.argsort(-score, kind="stable")[:_CANDIDATES]
        return [int(numbers[at]) for at in order if score[at] > 0]

    def _catch_up(self, connection: Connection) -> None:
        start, codes, owners = len(self._gathered), [], []
        for values in self._gathered.new(connection, tables.landmarks):
            counts = [len(value) // BYTES for value in values]
            codes.append(unpack(b"".join(values)).codes)
            owners.append(np.repeat(np.arange(start, start + len(values), dtype=np.uint32), counts))
            start += len(values)
        if codes:
            self._add(np.concatenate(codes), np.concatenate(owners))

    def _add(self, codes: Codes, owners: Owners) -> None:
        """A new run; short ones are merged, so that there are few and no landmark is sorted often."""
        while self._runs and len(self._runs[-1][0]) < _MERGE_FROM * len(codes):
            older, theirs = self._runs.pop()
            codes, owners = np.concatenate([older, codes]), np.concatenate([theirs, owners])
        order = np.argsort(codes)
        self._runs.append((codes[order], owners[order]))


def _alike(codes: Codes, wanted: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where in a run the codes begin that begin as each wanted one does, and how many they are."""
    rest = np.uint64(64 - _FIRST_BITS)
    lowest = wanted >> rest << rest
    begins = np.searchsorted(codes, lowest)
    return begins, np.searchsorted(codes, lowest | (np.uint64(1) << rest) - np.uint64(1), side="right") - begins


def _pointed(
    run: tuple[Codes, Owners], wanted: Codes, begins: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[Owners, NDArray[np.int64]]:
    """The owners of all codes in the spans that are near the wanted one, and which wanted one that was."""
    codes, owners = run
    ends = np.cumsum(counts)
    which = np.repeat(np.arange(len(wanted)), counts)
    # The numbers begins[i], begins[i] + 1, … of all spans, one after the other.
    inside = np.arange(len(which)) + (begins - ends + counts)[which]
    near = np.bitwise_count(codes[inside] ^ wanted[which]) <= LARGEST_DIFFERENCE
    return owners[inside[near]], which[near]


def _recorded(connection: Connection, places: Sequence[Place]) -> Iterator[tuple[Place, Landmarks]]:
    """The recorded landmarks of places, from their rows."""
    columns = tables.landmarks.c
    for log in {log for log, _ in places}:
        # One log at a time: SQLite looks for pairs of columns by walking through the whole table.
        wanted = columns.sequence.in_([sequence for other, sequence in places if other == log])
        for row in connection.execute(select(columns.sequence, columns.value).where(columns.log == log, wanted)):
            yield (log, row.sequence), unpack(row.value)
