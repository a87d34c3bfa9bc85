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
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, insert, select, text

from provenance.canonical import rfc3339
from provenance.errors import LedgerConflictError
from provenance.fingerprint import distance
from provenance.keys import CheckpointKey, TrustStore
from provenance.keys.notes import VerifierKey
from provenance.landmarks import Agreement, Seen, agreement, raw_bytes, unpack
from provenance.ledger import merkle, rows, tables
from provenance.ledger.anchors import Anchor, statement
from provenance.ledger.audit import Auditor, AuditReport
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint
from provenance.ledger.copying import Copied, copy
from provenance.ledger.engines import TIMEOUT_SECONDS, Engines, guarded
from provenance.ledger.fingerprints import FingerprintIndex
from provenance.ledger.landmarks import LandmarkIndex
from provenance.ledger.outside import Outside
from provenance.ledger.records import LedgerEntry, Receipt
from provenance.ledger.turns import turn

_PAGE = 500
# No log is called so: appends share this lock, and whoever copies them all has it alone.
_ALL_LOGS = ""
_LOCK = text("SELECT pg_advisory_xact_lock_shared(:all), pg_advisory_xact_lock(:log)")


class Ledger:
    """The logs in one database. Every method raises LedgerUnavailableError when the database does not serve it."""

    def __init__(self, url: str) -> None:
        """`url` is `sqlite:///path`, a plain path, or `postgresql://…`; nothing is connected yet."""
        self._engines = Engines(url)
        self._fingerprints = FingerprintIndex()
        self._landmarks = LandmarkIndex()

    def append(self, entry: bytes) -> Receipt:
        """Record canonical bytes at the end of their log and return the receipt, durable.

        Raises ValueError for bytes that are no entry and LedgerConflictError if the id is taken by other bytes.
        """
        new = LedgerEntry.parse(0, entry)
        with self._writing(new.log) as connection:
            known = rows.by_id(connection, new.entry_id)
            if known is not None:
                return _require_same(known, new)
            sequence = rows.size(connection, new.log)
            rows.add(connection, new, sequence)
        return Receipt(new.log, new.entry_id, sequence, new.leaf, sequence + 1)

    def receipt(self, entry_id: UUID) -> Receipt | None:
        """The receipt of an entry, None if it is not in the ledger."""
        entry = self.entry(entry_id)
        return entry.receipt if entry else None

    def entry(self, entry_id: UUID) -> LedgerEntry | None:
        """The entry of an id, None if it is not in the ledger."""
        with self._engines.reading() as connection:
            return rows.by_id(connection, entry_id)

    def entries(self, log: str, *, start: int = 0, stop: int | None = None) -> Iterator[LedgerEntry]:
        """The entries [start, stop) of a log in their order, streamed in pages; by default all there are now."""
        end = self.size(log) if stop is None else stop
        while start < end:
            limits = (
                rows.ENTRY.log == log,
                rows.ENTRY.sequence >= start,
                rows.ENTRY.sequence < min(end, start + _PAGE),
            )
            with self._engines.reading() as connection:
                page = rows.find(connection, *limits)
            yield from page
            start += _PAGE

    def canonical_at(self, log: str, sequences: Sequence[int]) -> list[tuple[int, bytes]]:
        """Places and bytes of some entries of a log, as they are stored; `sequences` are in ascending order."""
        with self._engines.reading() as connection:
            return rows.canonical_at(connection, log, sequences)

    def by_record(self, record: str) -> tuple[LedgerEntry, ...]:
        """All entries of a picture's record, in the order of their log."""
        return self._search(rows.ENTRY.record == record, lambda entry: entry.record == record)

    def by_asset(self, sha256: str) -> tuple[LedgerEntry, ...]:
        """All entries about the file with this SHA-256."""
        return self._search(rows.ENTRY.asset_sha256 == sha256, lambda entry: _names(entry, "sha256", sha256))

    def by_pixels(self, pixel_sha256: str) -> tuple[LedgerEntry, ...]:
        """All entries about files whose decoded pixels have this SHA-256."""
        condition = rows.ENTRY.asset_pixel_sha256 == pixel_sha256
        return self._search(condition, lambda entry: _names(entry, "pixel_sha256", pixel_sha256))

    def by_fingerprint(self, fingerprint: str, *, within: int, most: int = 10) -> tuple[tuple[LedgerEntry, int], ...]:
        """The entries whose picture looks most alike, with the number of differing bits, nearest first.

        `within` is the largest distance that counts. ValueError for what is no fingerprint.
        """
        with self._engines.reading() as connection:
            found = self._fingerprints.nearest(connection, fingerprint, within=within, most=most)
            entries = [(rows.at_place(connection, *place), bits) for place, bits in found]
        return tuple((entry, bits) for entry, bits in entries if entry and _looks(entry, fingerprint, bits))

    def by_landmarks(self, seen: Seen, *, most: int = 10) -> tuple[tuple[LedgerEntry, Agreement], ...]:
        """The entries of whose picture this may be a part, with how well their landmarks agree, most first."""
        with self._engines.reading() as connection:
            found = self._landmarks.best(connection, seen, most=most)
            entries = [(rows.at_place(connection, *place), agreed) for place, agreed in found]
        return tuple((entry, agreed) for entry, agreed in entries if entry and _agrees(entry, seen, agreed))

    def by_watermark(self, mark: str) -> tuple[LedgerEntry, ...]:
        """All entries about files that carry this mark, `algorithm:payload`."""
        with self._engines.reading() as connection:
            found = rows.by_watermark(connection, mark)
        return tuple(entry for entry in found if entry.asset and entry.asset.get("watermark") == mark)

    def logs(self) -> tuple[str, ...]:
        """The names of all logs that have an entry."""
        with self._engines.reading() as connection:
            return tuple(connection.scalars(select(rows.ENTRY.log).distinct().order_by(rows.ENTRY.log)))

    def size(self, log: str) -> int:
        """The number of entries in a log."""
        with self._engines.reading() as connection:
            return rows.size(connection, log)

    def root(self, log: str, size: int | None = None) -> bytes:
        """The 32-byte root of the log's first `size` entries, by default of all."""
        with self._engines.reading() as connection:
            return merkle.root(rows.size(connection, log) if size is None else size, rows.subtrees(connection, log))

    def inclusion_proof(self, log: str, sequence: int, size: int) -> list[bytes]:
        """The audit path of an entry in the tree of `size` entries; ValueError if it is not one of them."""
        with self._engines.reading() as connection:
            return merkle.inclusion_proof(sequence, size, rows.subtrees(connection, log))

    def consistency_proof(self, log: str, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` entries begins with that of `old`; ValueError for impossible sizes."""
        with self._engines.reading() as connection:
            return merkle.consistency_proof(old, new, rows.subtrees(connection, log))

    def checkpoint(self, log: str, key: CheckpointKey, *, now: datetime, outside: Iterable[str] = ()) -> str:
        """Sign and keep the log's present size and root; the last note again if nothing was added since.

        `outside` are notes that were published before. Raises LedgerConflictError, and signs nothing, when the tree no
        longer begins with the last signed one, or with one of those: then the database is older than what was signed.
        """
        with self._engines.reading() as connection:
            last = rows.latest_checkpoint(connection, log)
            for note in outside:
                if last is None or note != last.note:
                    _require_consistent(connection, note, log, rows.size(connection, log))
            if last is not None and last.size == rows.size(connection, log):
                return str(last.note)
        with self._writing(log) as connection:
            last, size = rows.latest_checkpoint(connection, log), rows.size(connection, log)
            if last is not None:
                _require_consistent(connection, str(last.note), log, size)
                if last.size == size:
                    return str(last.note)
            note = key.sign_note(Checkpoint(log, size, merkle.root(size, rows.subtrees(connection, log))).text())
            row = {"log": log, "size": size, "at": rfc3339(now, timespec="microseconds"), "note": note}
            connection.execute(insert(tables.checkpoints), row)
        return note

    def may_rewrite(self) -> bool:
        """Whether the role of this connection could change or delete entries, triggers or not; of PostgreSQL alone."""
        if self._engines.sqlite_file is not None:
            return False
        asked = select(func.has_table_privilege(tables.entries.name, "UPDATE, DELETE, TRUNCATE, TRIGGER").label("may"))
        with self._engines.reading() as connection:
            return bool(connection.execute(asked).scalar_one())

    def latest_checkpoint(self, log: str) -> str | None:
        """The last signed note of a log, None if there is none yet."""
        with self._engines.reading() as connection:
            last = rows.latest_checkpoint(connection, log)
        return str(last.note) if last is not None else None

    def checkpoint_of(self, log: str, size: int) -> str | None:
        """The signed note of a log's first `size` entries, None if none was signed."""
        with self._engines.reading() as connection:
            return rows.checkpoint_note(connection, log, size)

    def latest_anchor(self, log: str) -> tuple[Anchor, bytes] | None:
        """The last time-stamp of a log and the text that it is about, None if there is none yet."""
        with self._engines.reading() as connection:
            kept = rows.anchors(connection, log)[-2:]
            if not kept:
                return None
            note = rows.checkpoint_note(connection, log, kept[-1].size) or ""
        return kept[-1], statement(note, kept[0] if len(kept) > 1 else None)

    def anchor(self, log: str, ask: Callable[[bytes], bytes]) -> Anchor:
        """Have a log's last checkpoint time-stamped and keep the token; `ask` gives a checked token for some bytes.

        Raises ValueError when there is no checkpoint, LedgerConflictError when somebody else's token came first.
        """
        with self._engines.reading() as connection:
            checkpoint, before = rows.latest_checkpoint(connection, log), rows.anchors(connection, log, last=True)
        if checkpoint is None:
            raise ValueError(f"log: {log} has no checkpoint yet, so there is nothing to time-stamp")
        last = before[0] if before else None
        token = ask(statement(str(checkpoint.note), last))
        made = Anchor(last.number + 1 if last else 0, checkpoint.size, token)
        with self._writing(log) as connection:
            row = {"log": log, "number": made.number, "size": made.size, "token": made.token}
            connection.execute(insert(tables.anchors), row)
        return made

    def proven(self, log: str, entries: Iterable[LedgerEntry], keys: tuple[VerifierKey, ...]) -> list[LedgerEntry]:
        """Those of a log's entries that are in its signed tree, and not merely rows that somebody put in the database.

        An entry is proven by its path to the last checkpoint, which one of the keys must have signed; without any key
        the checkpoint is taken as it stands. What is newer than the checkpoint must at least be a leaf of the tree.
        """
        with self._engines.snapshot() as connection:
            last, nodes = rows.latest_checkpoint(connection, log), rows.subtrees(connection, log)
            try:
                checkpoint = _open(last.note, log, keys) if last is not None else None
            except ValueError:
                return []
            return [entry for entry in entries if _is_proven(entry, checkpoint, nodes)]

    def audit(self, log: str, *, trust: TrustStore, outside: Outside | None = None) -> AuditReport:
        """Recompute the whole log, and compare it with every checkpoint and with what is kept elsewhere (`outside`).

        Its time-stamps are checked too, where the trust store knows whose count.
        """
        with self._engines.snapshot() as connection:
            roots = trust.anchors.time_roots_pem
            return Auditor(connection, log, trust.checkpoint_keys(log), outside or Outside(), roots).run()

    def copy_to(self, admin_url: str, *, meanwhile: Callable[[], None] = lambda: None) -> tuple[Copied, ...]:
        """Copy the whole ledger, as it is at one moment, into an empty database; returns where each log stood then.

        `meanwhile` is called at that very moment, while nobody appends: whoever copies another database that belongs to
        this one fixes what it sees there. Raises LedgerConflictError as `copying.copy`.
        """
        with self._engines.snapshot() as connection:
            with self._still():
                rows.latest_checkpoint(connection, "")  # the first query is what fixes the moment
                meanwhile()
            return copy(connection, admin_url)

    def close(self) -> None:
        """Give all connections back; the next call connects again."""
        self._engines.close()

    @contextmanager
    def _still(self) -> Iterator[None]:
        """Nobody appends to any log; who comes meanwhile waits."""
        file = self._engines.sqlite_file
        if file:
            with turn(file, timeout=TIMEOUT_SECONDS):
                yield
            return
        with self._engines.reading() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:all)"), {"all": _lock_key(_ALL_LOGS)})
            yield

    @contextmanager
    def _writing(self, log: str) -> Iterator[Connection]:
        file = self._engines.sqlite_file
        waiting = turn(file, timeout=TIMEOUT_SECONDS) if file else nullcontext()
        with guarded(), waiting, self._engines.writing() as connection:
            if file is None:
                both = {"all": _lock_key(_ALL_LOGS), "log": _lock_key(log)}
                connection.execute(_LOCK, both)
            yield connection

    def _search(self, condition: ColumnElement[bool], holds: Callable[[LedgerEntry], bool]) -> tuple[LedgerEntry, ...]:
        with self._engines.reading() as connection:
            return tuple(entry for entry in rows.find(connection, condition) if holds(entry))


def _lock_key(log: str) -> int:
    """A signed 64-bit key for the advisory lock of a log."""
    return int.from_bytes(hashlib.sha256(log.encode()).digest()[:8], "big", signed=True)


def _require_same(known: LedgerEntry, new: LedgerEntry) -> Receipt:
    if known.canonical != new.canonical:
        raise LedgerConflictError(
            f"entry {new.entry_id}: recorded before with other contents at {known.log} {known.sequence};"
            " find out which of the two is true before anything else is recorded"
        )
    return known.receipt


def _require_consistent(connection: Connection, note: str, log: str, size: int) -> None:
    nodes = rows.subtrees(connection, log)
    try:
        last = Checkpoint.parse(note)
        if last.size <= size and merkle.root(last.size, nodes) == last.root:
            return
    except ValueError as error:
        raise LedgerConflictError(f"{error}; the last one kept of {log} is damaged, run `ledger verify`") from error
    raise LedgerConflictError(
        f"checkpoint: log {log} no longer begins with the {last.size} entries signed before;"
        " nothing was signed, run `ledger verify`"
    )


def _looks(entry: LedgerEntry, fingerprint: str, bits: int) -> bool:
    """Whether the entry itself says what the index says about it."""
    recorded = (entry.asset or {}).get("fingerprint")
    return bool(recorded) and distance(str(recorded), fingerprint) == bits


def _agrees(entry: LedgerEntry, seen: Seen, agreed: Agreement) -> bool:
    """Whether the entry itself says what the index says about it."""
    recorded = str((entry.asset or {}).get("landmarks", ""))
    return agreement(unpack(raw_bytes(recorded)), seen) == agreed


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
