"""The ledger on a database: append with a receipt, read, prove, sign checkpoints.

- `append` is idempotent: the same bytes return the old receipt, other bytes under the same id are an alarm.
- Appends to a log are serialised (a lock file and IMMEDIATE on SQLite, an advisory lock on PostgreSQL), so its
  sequence has no gap and no fork, whatever number of processes write.
- An entry is durable when `append` returns.
- A `Ledger` may be made before a fork: each process connects for itself, on first use.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, text, tuple_

from provenance.canonical import rfc3339
from provenance.errors import LedgerConflictError
from provenance.fingerprint import distance
from provenance.keys import CheckpointKey, TrustStore
from provenance.keys.notes import VerifierKey
from provenance.ledger import merkle, tables
from provenance.ledger.audit import Auditor, AuditReport
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint
from provenance.ledger.engines import TIMEOUT_SECONDS, Engines, guarded
from provenance.ledger.fingerprints import FingerprintIndex, Place
from provenance.ledger.records import LedgerEntry, Receipt, octets
from provenance.ledger.turns import turn

_PAGE = 500
_ENTRY, _NODE, _CHECKPOINT = tables.entries.c, tables.nodes.c, tables.checkpoints.c


class Ledger:
    """The logs in one database. Every method raises LedgerUnavailableError when the database does not serve it."""

    def __init__(self, url: str) -> None:
        """`url` is `sqlite:///path`, a plain path, or `postgresql://…`; nothing is connected yet."""
        self._engines = Engines(url)
        self._fingerprints = FingerprintIndex()

    def append(self, entry: bytes) -> Receipt:
        """Record canonical bytes at the end of their log and return the receipt, durable.

        Raises ValueError for bytes that are no entry and LedgerConflictError if the id is taken by other bytes.
        """
        new = LedgerEntry.parse(0, entry)
        with self._writing(new.log) as connection:
            known = _by_id(connection, new.entry_id)
            if known is not None:
                return _require_same(known, new)
            sequence = _size(connection, new.log)
            _insert(connection, new, sequence)
        return Receipt(new.log, new.entry_id, sequence, new.leaf, sequence + 1)

    def receipt(self, entry_id: UUID) -> Receipt | None:
        """The receipt of an entry, None if it is not in the ledger."""
        entry = self.entry(entry_id)
        return entry.receipt if entry else None

    def entry(self, entry_id: UUID) -> LedgerEntry | None:
        """The entry of an id, None if it is not in the ledger."""
        with self._engines.reading() as connection:
            return _by_id(connection, entry_id)

    def entries(self, log: str, *, start: int = 0, stop: int | None = None) -> Iterator[LedgerEntry]:
        """The entries [start, stop) of a log in their order, streamed in pages; by default all there are now."""
        end = self.size(log) if stop is None else stop
        while start < end:
            limits = (_ENTRY.log == log, _ENTRY.sequence >= start, _ENTRY.sequence < min(end, start + _PAGE))
            with self._engines.reading() as connection:
                page = _select(connection, *limits)
            yield from page
            start += _PAGE

    def by_record(self, record: str) -> tuple[LedgerEntry, ...]:
        """All entries of a picture's record, in the order of their log."""
        return self._search(_ENTRY.record == record, lambda entry: entry.record == record)

    def by_asset(self, sha256: str) -> tuple[LedgerEntry, ...]:
        """All entries about the file with this SHA-256."""
        return self._search(_ENTRY.asset_sha256 == sha256, lambda entry: _names(entry, "sha256", sha256))

    def by_pixels(self, pixel_sha256: str) -> tuple[LedgerEntry, ...]:
        """All entries about files whose decoded pixels have this SHA-256."""
        condition = _ENTRY.asset_pixel_sha256 == pixel_sha256
        return self._search(condition, lambda entry: _names(entry, "pixel_sha256", pixel_sha256))

    def by_fingerprint(self, fingerprint: str, *, within: int, most: int = 10) -> tuple[tuple[LedgerEntry, int], ...]:
        """The entries whose picture looks most alike, with the number of differing bits, nearest first.

        `within` is the largest distance that counts. ValueError for what is no fingerprint.
        """
        with self._engines.reading() as connection:
            found = self._fingerprints.nearest(connection, fingerprint, within=within, most=most)
            entries = [(_at(connection, place), bits) for place, bits in found]
        return tuple((entry, bits) for entry, bits in entries if entry and _looks(entry, fingerprint, bits))

    def logs(self) -> tuple[str, ...]:
        """The names of all logs that have an entry."""
        with self._engines.reading() as connection:
            return tuple(connection.scalars(select(_ENTRY.log).distinct().order_by(_ENTRY.log)))

    def size(self, log: str) -> int:
        """The number of entries in a log."""
        with self._engines.reading() as connection:
            return _size(connection, log)

    def root(self, log: str, size: int | None = None) -> bytes:
        """The 32-byte root of the log's first `size` entries, by default of all."""
        with self._engines.reading() as connection:
            return merkle.root(_size(connection, log) if size is None else size, _nodes(connection, log))

    def inclusion_proof(self, log: str, sequence: int, size: int) -> list[bytes]:
        """The audit path of an entry in the tree of `size` entries; ValueError if it is not one of them."""
        with self._engines.reading() as connection:
            return merkle.inclusion_proof(sequence, size, _nodes(connection, log))

    def consistency_proof(self, log: str, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` entries begins with that of `old`; ValueError for impossible sizes."""
        with self._engines.reading() as connection:
            return merkle.consistency_proof(old, new, _nodes(connection, log))

    def checkpoint(self, log: str, key: CheckpointKey, *, now: datetime) -> str:
        """Sign and keep the log's present size and root; the last note again if nothing was added since.

        Raises LedgerConflictError, and signs nothing, when the tree no longer begins with the last signed one.
        """
        with self._engines.reading() as connection:
            last = _latest(connection, log)
            if last is not None and last.size == _size(connection, log):
                return str(last.note)
        with self._writing(log) as connection:
            last, size = _latest(connection, log), _size(connection, log)
            if last is not None:
                _require_consistent(connection, Checkpoint.parse(last.note), size)
                if last.size == size:
                    return str(last.note)
            note = key.sign_note(Checkpoint(log, size, merkle.root(size, _nodes(connection, log))).text())
            row = {"log": log, "size": size, "at": rfc3339(now, timespec="microseconds"), "note": note}
            connection.execute(insert(tables.checkpoints), row)
        return note

    def latest_checkpoint(self, log: str) -> str | None:
        """The last signed note of a log, None if there is none yet."""
        with self._engines.reading() as connection:
            row = _latest(connection, log)
        return str(row.note) if row is not None else None

    def proven(self, log: str, entries: Iterable[LedgerEntry], keys: tuple[VerifierKey, ...]) -> list[LedgerEntry]:
        """Those of a log's entries that are in its signed tree, and not merely rows that somebody put in the database.

        An entry is proven by its path to the last checkpoint, which one of the keys must have signed; without any key
        the checkpoint is taken as it stands. What is newer than the checkpoint must at least be a leaf of the tree.
        """
        with self._engines.snapshot() as connection:
            row, nodes = _latest(connection, log), _nodes(connection, log)
            try:
                checkpoint = _open(row.note, log, keys) if row is not None else None
            except ValueError:
                return []
            return [entry for entry in entries if _is_proven(entry, checkpoint, nodes)]

    def audit(self, log: str, *, trust: TrustStore, outside: str | None = None) -> AuditReport:
        """Recompute the whole log and compare it with every checkpoint, also with one kept elsewhere (`outside`)."""
        with self._engines.snapshot() as connection:
            return Auditor(connection, log, trust.checkpoint_keys(log), outside).run()

    def close(self) -> None:
        """Give all connections back; the next call connects again."""
        self._engines.close()

    @contextmanager
    def _writing(self, log: str) -> Iterator[Connection]:
        file = self._engines.sqlite_file
        waiting = turn(file, timeout=TIMEOUT_SECONDS) if file else nullcontext()
        with guarded(), waiting, self._engines.writing() as connection:
            if file is None:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(log)})
            yield connection

    def _search(self, condition: ColumnElement[bool], holds: Callable[[LedgerEntry], bool]) -> tuple[LedgerEntry, ...]:
        with self._engines.reading() as connection:
            return tuple(entry for entry in _select(connection, condition) if holds(entry))


def _lock_key(log: str) -> int:
    """A signed 64-bit key for the advisory lock of a log."""
    return int.from_bytes(hashlib.sha256(log.encode()).digest()[:8], "big", signed=True)


def _size(connection: Connection, log: str) -> int:
    last = connection.scalar(select(func.max(_ENTRY.sequence)).where(_ENTRY.log == log))
    return 0 if last is None else int(last) + 1


def _latest(connection: Connection, log: str) -> Row[*tuple[Any, ...]] | None:
    columns = select(_CHECKPOINT.size, _CHECKPOINT.note).where(_CHECKPOINT.log == log)
    return connection.execute(columns.order_by(_CHECKPOINT.size.desc()).limit(1)).first()


def _select(connection: Connection, *conditions: ColumnElement[bool]) -> list[LedgerEntry]:
    columns = select(_ENTRY.sequence, _ENTRY.canonical).where(*conditions)
    rows = connection.execute(columns.order_by(_ENTRY.log, _ENTRY.sequence)).all()
    return [_parse(row.sequence, row.canonical) for row in rows]


def _at(connection: Connection, place: Place) -> LedgerEntry | None:
    found = _select(connection, _ENTRY.log == place[0], _ENTRY.sequence == place[1])
    return found[0] if found else None


def _looks(entry: LedgerEntry, fingerprint: str, bits: int) -> bool:
    """Whether the entry itself says what the index says about it."""
    recorded = (entry.asset or {}).get("fingerprint")
    return bool(recorded) and distance(str(recorded), fingerprint) == bits


def _by_id(connection: Connection, entry_id: UUID) -> LedgerEntry | None:
    found = _select(connection, _ENTRY.entry_id == str(entry_id))
    return found[0] if found else None


def _parse(sequence: int, canonical: object) -> LedgerEntry:
    try:
        return LedgerEntry.parse(sequence, octets(canonical))
    except ValueError as error:
        raise LedgerConflictError(f"ledger: entry {sequence} is damaged ({error}); run `ledger verify`") from error


def _require_same(known: LedgerEntry, new: LedgerEntry) -> Receipt:
    if known.canonical != new.canonical:
        raise LedgerConflictError(
            f"entry {new.entry_id}: recorded before with other contents at {known.log} {known.sequence};"
            " find out which of the two is true before anything else is recorded"
        )
    return known.receipt


def _require_consistent(connection: Connection, last: Checkpoint, size: int) -> None:
    if last.size > size or merkle.root(last.size, _nodes(connection, last.origin)) != last.root:
        raise LedgerConflictError(
            f"checkpoint: log {last.origin} no longer begins with the {last.size} entries signed before;"
            " nothing was signed, run `ledger verify`"
        )


def _insert(connection: Connection, new: LedgerEntry, sequence: int) -> None:
    nodes = _nodes(connection, new.log)
    tiles = merkle.cover(0, sequence)
    found = nodes(tiles)
    frontier = merkle.Frontier(sequence, [found[tile] for tile in tiles])
    completed = frontier.append(bytes.fromhex(new.leaf))
    connection.execute(insert(tables.entries), tables.row(new, sequence))
    connection.execute(
        insert(tables.nodes),
        [{"log": new.log, "level": at[0], "position": at[1], "hash": value} for at, value in completed],
    )
    if fingerprint := (new.asset or {}).get("fingerprint"):
        row = {"log": new.log, "sequence": sequence, "value": fingerprint}
        connection.execute(insert(tables.fingerprints), row)


def _nodes(connection: Connection, log: str) -> merkle.Nodes:
    """Fetch complete subtrees of a log; one that is missing means that the tree itself was damaged."""

    def fetch(wanted: Sequence[merkle.Coordinate]) -> dict[merkle.Coordinate, bytes]:
        columns = select(_NODE.level, _NODE.position, _NODE.hash).where(_NODE.log == log)
        rows = connection.execute(columns.where(tuple_(_NODE.level, _NODE.position).in_(wanted))) if wanted else ()
        found = {(row.level, row.position): bytes(row.hash) for row in rows}
        if missing := set(wanted) - set(found):
            raise LedgerConflictError(f"ledger: {log} lacks the subtree {min(missing)}; run `ledger verify`")
        return found

    return fetch


def _open(note: str, log: str, keys: tuple[VerifierKey, ...]) -> Checkpoint:
    return open_checkpoint(note, origin=log, keys=keys) if keys else Checkpoint.parse(note)


def _is_proven(entry: LedgerEntry, checkpoint: Checkpoint | None, nodes: merkle.Nodes) -> bool:
    leaf, place = bytes.fromhex(entry.leaf), (0, entry.sequence)
    try:
        if checkpoint is None or entry.sequence >= checkpoint.size:
            return nodes([place])[place] == leaf
        proof = merkle.inclusion_proof(entry.sequence, checkpoint.size, nodes)
    except LedgerConflictError:
        return False
    return merkle.verify_inclusion(leaf, entry.sequence, checkpoint.size, proof, checkpoint.root)


def _names(entry: LedgerEntry, field: str, digest: str) -> bool:
    return entry.asset is not None and entry.asset[field] == digest
