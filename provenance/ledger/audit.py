"""Reading a log as an adversary might have left it: every entry, every subtree, every checkpoint is recomputed.

It trusts nothing in the database. What it can name exactly (an edited, moved, missing or added row) it names; a log
that was rewritten as a whole, hashes included, shows only against a checkpoint, and then the first entry that may be
wrong is named. A checkpoint that never left the database can be rewritten too: keep one elsewhere and pass it in.
Memory stays constant: rows are streamed, and at most 100 problems are listed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from provenance.keys.notes import VerifierKey
from provenance.ledger import merkle, tables
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint
from provenance.ledger.records import LedgerEntry

_PAGE = 500
_MOST_PROBLEMS = 100
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
    outside: str | None
    _problems: list[Problem] = field(default_factory=list)
    _agreed: int = 0  # the size of the last checkpoint that the recomputed tree still agrees with
    _suspect: UUID | None = None  # the first entry after it

    def run(self) -> AuditReport:
        """Walk the log once, from its first entry to its last."""
        # Checkpoints are read before the size: one signed meanwhile must not look like a log cut short.
        expected = self._checkpoints()
        size = self._size()
        frontier = merkle.Frontier()
        self._compare(frontier, expected)
        for sequence, row in self._rows(size):
            entry = self._examine(sequence, row)
            if sequence == self._agreed:
                self._suspect = entry.entry_id if entry else None
            self._grow(frontier, sequence, entry, row)
            self._compare(frontier, expected)
        self._require_all_there(size, expected)
        problems = tuple(sorted(self._problems, key=lambda problem: (problem.sequence is None, problem.sequence or 0)))
        return AuditReport(not problems, size, frontier.root(), problems)

    def _report(self, sequence: int | None, entry_id: UUID | None, reason: str) -> None:
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(Problem(sequence, entry_id, reason))

    def _size(self) -> int:
        last = self.connection.scalar(select(func.max(_ENTRY.sequence)).where(_ENTRY.log == self.log))
        return 0 if last is None else int(last) + 1

    def _checkpoints(self) -> dict[int, list[Checkpoint]]:
        """The signed checkpoints by size; one whose signature does not hold is a problem of its own."""
        notes = select(_CHECKPOINT.note).where(_CHECKPOINT.log == self.log).order_by(_CHECKPOINT.size)
        expected: dict[int, list[Checkpoint]] = {}
        for note in [*self.connection.scalars(notes), *([self.outside] if self.outside is not None else [])]:
            try:
                checkpoint = open_checkpoint(note, origin=self.log, keys=self.keys)
            except ValueError as error:
                self._report(None, None, str(error))
                continue
            expected.setdefault(checkpoint.size, []).append(checkpoint)
        return expected

    def _rows(self, size: int) -> Iterator[tuple[int, Row[*tuple[Any, ...]] | None]]:
        """Every position once, with its row and stored leaf, or None where the row is missing."""
        leaf = (_NODE.log == _ENTRY.log) & (_NODE.level == 0) & (_NODE.position == _ENTRY.sequence)
        columns = select(tables.entries, _NODE.hash.label("stored_leaf")).outerjoin(tables.nodes, leaf)
        for start in range(0, size, _PAGE):
            page = columns.where(_ENTRY.log == self.log, _ENTRY.sequence >= start, _ENTRY.sequence < start + _PAGE)
            found = {row.sequence: row for row in self.connection.execute(page)}
            for sequence in range(start, min(size, start + _PAGE)):
                yield sequence, found.get(sequence)

    def _examine(self, sequence: int, row: Row[*tuple[Any, ...]] | None) -> LedgerEntry | None:
        if row is None:
            self._report(sequence, None, "the entry is missing: it was deleted or moved")
            return None
        try:
            entry = LedgerEntry.parse(sequence, bytes(row.canonical))
        except ValueError as error:
            self._report(sequence, UUID(row.entry_id), f"the entry's bytes were changed: {error}")
            return None
        wrong = [name for name, value in tables.row(entry, sequence).items() if row._mapping[name] != value]
        if wrong:
            self._report(
                sequence, entry.entry_id, f"the columns {', '.join(wrong)} do not agree with the entry's bytes"
            )
        return entry

    def _grow(
        self, frontier: merkle.Frontier, sequence: int, entry: LedgerEntry | None, row: Row[*tuple[Any, ...]] | None
    ) -> None:
        """Add the leaf and compare each subtree it completes with the stored one.

        The stored leaf is what carries on: an edited entry is named once, and later checkpoints still mean something.
        """
        entry_id = entry.entry_id if entry else None
        stored = self._stored_leaf(sequence) if row is None else row.stored_leaf
        computed = bytes.fromhex(entry.leaf) if entry else None
        if stored is None:
            self._report(sequence, entry_id, "the tree has no leaf for the entry: it was added past the ledger")
        elif computed is not None and bytes(stored) != computed:
            self._report(sequence, entry_id, "the entry is not the one that was hashed: it was changed or swapped")
        leaf = bytes(stored) if stored is not None else computed or merkle.leaf_hash(b"")
        inner = dict(frontier.append(leaf)[1:])
        if inner and self._stored(inner) != inner:
            self._report(sequence, entry_id, "a subtree that ends here does not have the hash that was stored for it")

    def _stored_leaf(self, sequence: int) -> bytes | None:
        return self._stored({(0, sequence): b""}).get((0, sequence))

    def _stored(self, wanted: dict[merkle.Coordinate, bytes]) -> dict[merkle.Coordinate, bytes]:
        found = {}
        for level, position in wanted:
            at = (_NODE.log == self.log) & (_NODE.level == level) & (_NODE.position == position)
            value = self.connection.scalar(select(_NODE.hash).where(at))
            if value is not None:
                found[level, position] = bytes(value)
        return found

    def _compare(self, frontier: merkle.Frontier, expected: dict[int, list[Checkpoint]]) -> None:
        signed = expected.get(frontier.size, ())
        if all(checkpoint.root == frontier.root() for checkpoint in signed):
            self._agreed = frontier.size if signed else self._agreed
            return
        span = f"entries {self._agreed} to {frontier.size - 1}"
        self._report(self._agreed, self._suspect, f"{span} are not those that the checkpoint of {frontier.size} signed")

    def _require_all_there(self, size: int, expected: dict[int, list[Checkpoint]]) -> None:
        largest = max(expected, default=0)
        if largest > size:
            self._report(size, None, f"the log was cut short: a checkpoint signed {largest} entries, {size} are left")
        leaves = select(func.max(_NODE.position)).where(_NODE.log == self.log, _NODE.level == 0)
        last = self.connection.scalar(leaves)
        if last is not None and last >= size:
            self._report(size, None, f"the log was cut short: the tree has {last + 1} leaves, {size} entries are left")
        twice = select(_ENTRY.entry_id).group_by(_ENTRY.entry_id).having(func.count() > 1)
        for entry_id in self.connection.scalars(twice):
            self._report(None, UUID(entry_id), "the same entry id stands in the ledger twice")
