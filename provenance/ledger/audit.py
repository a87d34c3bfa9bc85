"""Reading a log as an adversary might have left it: every entry, every subtree, every checkpoint is recomputed.

It trusts nothing in the database. What it can name exactly (an edited, moved, missing or added row) it names; a log
that was rewritten as a whole, hashes included, shows only against a checkpoint, and then the first entry that may be
wrong is named. Checkpoints and time-stamps that never left the database can be rewritten, or restored from an old copy
with all the rest: keep them elsewhere and pass them in (`outside.Outside`).
Memory stays constant: rows are streamed, and at most 100 problems are listed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from provenance.errors import LedgerConflictError
from provenance.keys.notes import VerifierKey
from provenance.ledger import anchors, merkle, rows, tables
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint
from provenance.ledger.outside import Outside
from provenance.ledger.records import LedgerEntry, octets
from provenance.timestamps.stamps import open_stamp

_PAGE = 500
_MOST_PROBLEMS = 100
_Row: TypeAlias = "Row[*tuple[Any, ...]] | None"
_ENTRY, _NODE, _CHECKPOINT = tables.entries.c, tables.nodes.c, tables.checkpoints.c


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written. `sequence` and `entry_id` are None where no single entry is meant."""

    sequence: int | None
    entry_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """`problems` are ordered by position, so the first names the first bad entry; `root` is the recomputed one."""

    ok: bool
    size: int
    root: bytes
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Auditor:
    """One audit of one log over one connection."""

    connection: Connection
    log: str
    keys: tuple[VerifierKey, ...]
    outside: Outside
    time_roots_pem: bytes = b""  # without roots for time-stamps they are not judged
    _problems: list[Problem] = field(default_factory=list)
    _agreed: int = 0  # the size of the last checkpoint that the recomputed tree still agrees with
    _nodes: dict[merkle.Coordinate, bytes | None] = field(default_factory=dict)  # the stored subtrees of a page
    _indexed: dict[tuple[str, int], object] = field(default_factory=dict)  # what the entries of a page are found by
    _spoiled: set[merkle.Coordinate] = field(default_factory=set)  # subtrees over something already reported

    def run(self) -> AuditReport:
        """Walk the log once, from its first entry to its last."""
        try:
            return self._walk()
        except (TypeError, ValueError) as error:
            # SQLite stores any type in any column, so an intruder can put there what no code of ours ever wrote.
            self._report(None, f"a row holds a value that this ledger never writes: {error}")
            return AuditReport(False, 0, merkle.EMPTY_ROOT, tuple(self._problems))

    def _walk(self) -> AuditReport:
        # Checkpoints are read before the size: one signed meanwhile must not look like a log cut short.
        expected = self._checkpoints()
        size = self._size()
        frontier = merkle.Frontier()
        self._compare(frontier, expected)
        for sequence, row in self._rows(size):
            self._grow(frontier, sequence, row)
            self._compare(frontier, expected)
        self._require_all_there(size, expected)
        self._require_stamps()
        problems = tuple(sorted(self._problems, key=_position))
        return AuditReport(not problems, size, frontier.root(), problems)

    def _report(self, sequence: int | None, reason: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(Problem(sequence, self._entry_id(sequence), reason))

    def _entry_id(self, sequence: int | None) -> UUID | None:
        place = (_ENTRY.log == self.log, _ENTRY.sequence == sequence)
        found = self.connection.scalar(select(_ENTRY.entry_id).where(*place)) if sequence is not None else None
        try:
            return UUID(found) if found else None
        except ValueError:
            return None

    def _size(self) -> int:
        last = self.connection.scalar(select(func.max(_ENTRY.sequence)).where(_ENTRY.log == self.log))
        return 0 if last is None else int(last) + 1

    def _checkpoints(self) -> dict[int, list[Checkpoint]]:
        """The signed checkpoints by size; one whose signature does not hold is a problem of its own."""
        notes = select(_CHECKPOINT.note).where(_CHECKPOINT.log == self.log).order_by(_CHECKPOINT.size)
        expected: dict[int, list[Checkpoint]] = {}
        kept = list(self.connection.scalars(notes))
        for note in [*kept, *self.outside.notes()]:
            try:
                checkpoint = open_checkpoint(note, origin=self.log, keys=self.keys)
            except ValueError as error:
                self._report(None, str(error))
                continue
            expected.setdefault(checkpoint.size, []).append(checkpoint)
            if note not in kept:
                self._report(None, f"the checkpoint of {checkpoint.size} that is kept elsewhere was taken out of here")
        return expected

    def _rows(self, size: int) -> Iterator[tuple[int, _Row]]:
        """Every position once, with its row, or None where the row is missing; the nodes of its page are at hand."""
        for start in range(0, size, _PAGE):
            end = min(size, start + _PAGE)
            page = select(tables.entries).where(_ENTRY.log == self.log, _ENTRY.sequence.between(start, end - 1))
            found = {row.sequence: row for row in self.connection.execute(page)}
            self._nodes = dict(self._page_of_nodes(start, end))
            self._indexed = dict(self._page_of_indexes(start, end))
            for sequence in range(start, end):
                yield sequence, found.get(sequence)

    def _page_of_indexes(self, start: int, end: int) -> Iterator[tuple[tuple[str, int], object]]:
        """What the entries [start, end) are found by, by index and place."""
        for table in tables.INDEXES:
            place = (table.c.log == self.log, table.c.sequence.between(start, end - 1))
            for row in self.connection.execute(select(table.c.sequence, table.c.value).where(*place)):
                yield (table.name, row.sequence), row.value

    def _page_of_nodes(self, start: int, end: int) -> Iterator[tuple[merkle.Coordinate, bytes | None]]:
        """The stored subtrees over any of the entries [start, end)."""
        for level in range(end.bit_length()):
            span = _NODE.position.between(start >> level, (end - 1) >> level)
            columns = select(_NODE.position, _NODE.hash).where(_NODE.log == self.log, _NODE.level == level, span)
            for row in self.connection.execute(columns):
                yield (level, row.position), _hash(row.hash)

    def _grow(self, frontier: merkle.Frontier, sequence: int, row: _Row) -> None:
        """Add the entry's leaf and compare each subtree that it completes with the stored one.

        The stored leaf is what carries on: an edited entry is named once, and later checkpoints still mean something.
        """
        computed = self._examine(sequence, row)
        stored = self._nodes.get((0, sequence))
        if stored is None:
            self._report(sequence, "the tree has no leaf for the entry: it was added past the ledger")
        elif computed is not None and stored != computed:
            self._report(sequence, "the entry is not the one that was hashed: it was changed, moved or swapped")
        if stored is None or stored != computed:
            self._spoiled.add((0, sequence))
        leaf = stored if stored is not None else computed or merkle.leaf_hash(b"")
        for coordinate, value in frontier.append(leaf)[1:]:
            self._compare_subtree(coordinate, value)

    def _examine(self, sequence: int, row: _Row) -> bytes | None:
        """The leaf hash of the row's bytes, None when there are none that are an entry."""
        if row is None:
            self._report(sequence, "the entry is missing: it was deleted or moved")
            return None
        try:
            entry = LedgerEntry.parse(sequence, octets(row.canonical))
        except ValueError as error:
            self._report(sequence, f"the entry's bytes were changed: {error}")
            return None
        wrong = [name for name, value in tables.row(entry, sequence).items() if row._mapping[name] != value]
        if wrong:
            self._report(sequence, f"the columns {', '.join(wrong)} do not agree with the entry's bytes")
        self._compare_indexes(entry, sequence)
        return bytes.fromhex(entry.leaf)

    def _compare_indexes(self, entry: LedgerEntry, sequence: int) -> None:
        """What an entry is found by must be what it says; a row that was taken out would hide its picture."""
        values = tables.index_values(entry)
        for table in tables.INDEXES:
            if self._indexed.get((table.name, sequence)) != values.get(table):
                self._report(sequence, f"what {table.name} says of the entry is not what the entry says")

    def _compare_subtree(self, coordinate: merkle.Coordinate, value: bytes) -> None:
        """Report the smallest subtree that is wrong; those above it must be wrong too and say nothing new."""
        level, position = coordinate
        children = {(level - 1, 2 * position), (level - 1, 2 * position + 1)}
        spoiled = bool(children & self._spoiled)
        self._spoiled -= children
        if spoiled:
            self._spoiled.add(coordinate)
        elif self._nodes.get(coordinate) != value:
            first, last = position << level, ((position + 1) << level) - 1
            self._spoiled.add(coordinate)
            self._report(first, f"entries {first} to {last} do not have the hash that was stored for them together")

    def _compare(self, frontier: merkle.Frontier, expected: dict[int, list[Checkpoint]]) -> None:
        signed = expected.get(frontier.size, ())
        if all(checkpoint.root == frontier.root() for checkpoint in signed):
            self._agreed = frontier.size if signed else self._agreed
            return
        # Where exactly is known only if something else was found since the last checkpoint that agrees.
        named = [
            item.sequence for item in self._problems if item.sequence is not None and item.sequence >= self._agreed
        ]
        span = f"entries {self._agreed} to {frontier.size - 1}"
        self._report(min(named, default=self._agreed), f"{span} are not what the checkpoint of {frontier.size} signed")

    def _require_all_there(self, size: int, expected: dict[int, list[Checkpoint]]) -> None:
        largest = max(expected, default=0)
        if largest > size:
            self._report(size, f"the log was cut short: a checkpoint signed {largest} entries, {size} are left")
        leaves = select(func.max(_NODE.position)).where(_NODE.log == self.log, _NODE.level == 0)
        last = self.connection.scalar(leaves)
        if last is not None and last >= size:
            self._report(size, f"the log was cut short: the tree has {last + 1} leaves, {size} entries are left")
        twice = select(_ENTRY.entry_id).group_by(_ENTRY.entry_id).having(func.count() > 1)
        for entry_id in self.connection.scalars(twice):
            self._report(None, f"the entry id {entry_id} stands in the ledger twice")

    def _require_stamps(self) -> None:
        """Every time-stamp is about its checkpoint, and was renewed in time; by this machine's clock."""
        if not self.time_roots_pem:
            return
        try:
            kept = rows.anchors(self.connection, self.log)
        except LedgerConflictError as error:
            self._report(None, str(error))
            return
        self._require_outside_stamp(kept)
        notes = {anchor.size: rows.checkpoint_note(self.connection, self.log, anchor.size) or "" for anchor in kept}
        for size, reason in anchors.faults(kept, notes, roots_pem=self.time_roots_pem, now=datetime.now(UTC)):
            self._report(None, f"checkpoint of {size}: {reason}")

    def _require_outside_stamp(self, kept: Sequence[anchors.Anchor]) -> None:
        """The time-stamp that is kept elsewhere is good, and one of those here."""
        if not self.outside.token:
            return
        try:
            open_stamp(self.outside.token, self.outside.statement, roots_pem=self.time_roots_pem)
        except ValueError as error:
            self._report(None, f"the time-stamp that is kept elsewhere does not hold: {error}")
            return
        if self.outside.token not in {anchor.token for anchor in kept}:
            self._report(None, "the time-stamp that is kept elsewhere was taken out of here, or put in only after")


def _position(problem: Problem) -> float:
    """Where a problem is listed: what no single entry is meant by comes last."""
    return inf if problem.sequence is None else problem.sequence


def _hash(value: object) -> bytes | None:
    """A stored hash; what is not binary is as good as not there."""
    try:
        return octets(value)
    except ValueError:
        return None
