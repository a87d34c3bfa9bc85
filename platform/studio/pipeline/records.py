"""The provenance ledger: entries in, receipts, proofs and packs out. One connection a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings

from studio.pipeline.keys import checkpoint_key, trust

if TYPE_CHECKING:
    from provenance.ledger import Copied, Ledger, LedgerEntry, Receipt

TSA_PATIENCE_SECONDS = 10
# Longer than the few files of one stamp take to be written.
WRITTEN_SECONDS = 0.5


@cache
def ledger() -> Ledger:
    """This process's connection to the ledger."""
    from provenance.ledger import Ledger

    return Ledger(settings.LEDGER_URL)


def ledger_may_be_rewritten() -> bool:
    """Whether LEDGER_URL's role has more rights than it needs. Raises LedgerUnavailableError."""
    return ledger().may_rewrite()


def create_ledger() -> None:
    """The ledger's tables and triggers, if they are not there yet, and the rights of who appends."""
    from provenance.ledger import create_tables

    create_tables(settings.LEDGER_ADMIN_URL, writer=_writer())


def _writer() -> str | None:
    """The role of LEDGER_URL where it is not the one that makes the tables: it may insert and select, no more."""
    role = urlsplit(settings.LEDGER_URL).username
    return unquote(role) if role and role != urlsplit(settings.LEDGER_ADMIN_URL).username else None


def ledger_is_empty() -> bool:
    """Whether a ledger may be restored into this installation's database. Raises LedgerUnavailableError."""
    from provenance.ledger import is_empty

    return is_empty(settings.LEDGER_ADMIN_URL)


def copy_ledger(file: Path, *, meanwhile: Callable[[], None]) -> tuple[Copied, ...]:
    """The whole ledger as one SQLite file, as of one moment, at which `meanwhile` is called and nobody appends.

    Raises LedgerUnavailableError, LedgerConflictError.
    """
    return ledger().copy_to(f"sqlite:///{file.absolute()}", meanwhile=meanwhile)


def restore_ledger(file: Path) -> tuple[Copied, ...]:
    """Fill this installation's empty ledger from such a file. Raises as `copy_ledger`."""
    from provenance.ledger import copy_file

    return copy_file(file, settings.LEDGER_ADMIN_URL, writer=_writer())


def entry_id(log: str, kind: str, row: str) -> UUID:
    """The entry that a row of ours causes, known before it is written."""
    from provenance.entries import EntryKind, entry_id

    return entry_id(log, EntryKind(kind), row)


def canonical_entry(
    *,
    log: str,
    entry: UUID,
    kind: str,
    at: datetime,
    record: str | None,
    asset: Mapping[str, str] | None,
    body: Mapping[str, Any],
) -> bytes:
    """The very bytes that the ledger will keep and hash."""
    from provenance.entries import EntryKind, canonical_entry

    return canonical_entry(log=log, entry_id=entry, kind=EntryKind(kind), at=at, record=record, asset=asset, body=body)


def commitment(text: str, salt: bytes) -> str:
    """A salted commitment to words that stay elsewhere."""
    from provenance.entries import commitment

    return commitment(text, salt)


def append(entry: bytes) -> Receipt:
    """Append to the ledger; the same bytes again give the same receipt.

    Raises LedgerUnavailableError, LedgerConflictError.
    """
    return ledger().append(entry)


def recorded(entry: UUID) -> Receipt | None:
    """The receipt of an entry, if the ledger has it."""
    return ledger().receipt(entry)


def checkpoint_path(slug: str) -> Path:
    """Where the last checkpoint is kept outside the ledger's database."""
    return settings.CHECKPOINT_DIR / f"{slug}.txt"


def checkpoint(log: str, slug: str, *, now: datetime, outside: Iterable[str] = ()) -> str:
    """Sign where the log stands; the last note again when it has not grown.

    Raises LedgerConflictError when it does not go on from the notes `outside`, which were published before.
    """
    return ledger().checkpoint(log, checkpoint_key(slug), now=now, outside=outside)


def note_size(note: str) -> int:
    """How many entries a checkpoint's note is about. Raises ValueError."""
    from provenance.ledger.checkpoints import Checkpoint

    return Checkpoint.parse(note).size


@dataclass(frozen=True, slots=True)
class LogStanding:
    """How many entries a log has, and how many of them its last checkpoint and its last time-stamp cover."""

    size: int
    signed: int
    stamped: int

    @property
    def anchored(self) -> bool:
        """Whether every entry is under a checkpoint that was time-stamped."""
        return self.stamped == self.size


def log_standing(log: str) -> LogStanding:
    """Where a log stands."""
    note, kept = ledger().latest_checkpoint(log), ledger().latest_anchor(log)
    return LogStanding(ledger().size(log), int(note.split("\n")[1]) if note else 0, kept[0].size if kept else 0)


def anchor(log: str, *, now: datetime) -> tuple[bytes, bytes] | None:
    """Have the log's last checkpoint time-stamped, if that is due; the text and its token, None where nothing was due.

    Raises SealError when the authority does not answer as it should, ValueError when the last stamp is not believed any
    more; the next call tries again.
    """
    from provenance.ledger.anchors import is_due
    from provenance.timestamps.client import request_stamp
    from provenance.timestamps.stamps import open_stamp

    standing = log_standing(log)
    if not settings.TSA_URL or not standing.signed:
        return None
    kept, roots = ledger().latest_anchor(log), trust().anchors.time_roots_pem
    last = open_stamp(kept[0].token, kept[1], roots_pem=roots) if kept else None
    every, notice = timedelta(seconds=settings.ANCHOR_SECONDS), timedelta(days=settings.ANCHOR_NOTICE_DAYS)
    if not is_due(last, grown=standing.signed > standing.stamped, now=now, every=every, notice=notice):
        return None
    ask = partial(request_stamp, settings.TSA_URL, roots_pem=roots, timeout=TSA_PATIENCE_SECONDS)
    ledger().anchor(log, ask)
    return last_anchor(log)


def last_anchor(log: str) -> tuple[bytes, bytes] | None:
    """The text that was time-stamped last and its token, None where nothing was."""
    kept = ledger().latest_anchor(log)
    return (kept[1], kept[0].token) if kept else None


def entry(entry: UUID) -> LedgerEntry | None:
    """One entry of any log."""
    return ledger().entry(entry)


def entries(log: str, *, start: int = 0) -> Iterator[LedgerEntry]:
    """A log's entries from a place on, in order, streamed."""
    return ledger().entries(log, start=start)


def log_size(log: str) -> int:
    """How many entries a log has."""
    return ledger().size(log)


def canonical_at(log: str, sequences: Sequence[int]) -> list[tuple[int, bytes]]:
    """Places and stored bytes of some of a log's entries, by ascending place."""
    return ledger().canonical_at(log, sequences)


def leaves_at(log: str, sequences: Sequence[int]) -> Iterator[tuple[int, str, bytes]]:
    """The same with the leaf hash of the bytes, hexadecimal, between the two."""
    from provenance.ledger.merkle import leaf_hash

    return ((place, leaf_hash(canonical).hex(), canonical) for place, canonical in canonical_at(log, sequences))


def entries_at(log: str, sequences: Sequence[int]) -> list[LedgerEntry]:
    """The entries at some places of a log, by ascending place."""
    from provenance.ledger import LedgerEntry

    return [LedgerEntry.parse(sequence, canonical) for sequence, canonical in canonical_at(log, sequences)]


def leaf_of(canonical: bytes) -> str:
    """The leaf hash of an entry's bytes, hexadecimal."""
    from provenance.ledger.merkle import leaf_hash

    return leaf_hash(canonical).hex()


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's path to the root of the log's last checkpoint; hashes are hexadecimal.

    `size` is the checkpoint's. Whoever has the entry's bytes can compute the root by the `steps` (RFC 9162
    section 2.1.3).
    """

    sequence: int
    size: int
    root: str
    steps: tuple[str, ...]


def proof(log: str, sequence: int, *, note: str | None = None) -> Proof | None:
    """The proof of one entry under a checkpoint's note, by default the last one; None while none covers the entry."""
    from provenance.ledger.checkpoints import Checkpoint

    note = note or ledger().latest_checkpoint(log)
    if note is None:
        return None
    checkpoint = Checkpoint.parse(note)
    if sequence >= checkpoint.size:
        return None
    steps = ledger().inclusion_proof(log, sequence, checkpoint.size)
    return Proof(sequence, checkpoint.size, checkpoint.root.hex(), tuple(step.hex() for step in steps))


def last_checkpoint(log: str) -> str | None:
    """The last signed note of a log."""
    return ledger().latest_checkpoint(log)


@dataclass(frozen=True, slots=True)
class Stamp:
    """The last time-stamp of a log: who said when that it had `size` entries."""

    size: int
    at: datetime
    authority: str


def last_stamp(log: str) -> Stamp | None:
    """The last time-stamp of a log that can be believed; None where there is none."""
    from provenance.timestamps.stamps import open_stamp

    kept = ledger().latest_anchor(log)
    if kept is None:
        return None
    try:
        opened = open_stamp(kept[0].token, kept[1], roots_pem=trust().anchors.time_roots_pem)
    except ValueError:
        return None
    return Stamp(kept[0].size, opened.at, opened.authority)


def entries_about(record: str) -> list[LedgerEntry]:
    """The entries about one picture, oldest first."""
    return sorted(ledger().by_record(record), key=lambda entry: entry.sequence)


@dataclass(frozen=True, slots=True)
class LogProblem:
    """What an audit of a log found: the invariant it breaks, the entry, and how."""

    invariant: int
    subject: str
    reason: str


def audit_log(log: str, slug: str, *, outside: Path | None = None) -> list[LogProblem]:
    """Recompute a log's tree and compare it with the checkpoint and the time-stamp that are kept outside its database.

    `outside` is the folder of a copy of them, by default the one they are written to. ValueError when that has none.
    """
    from provenance.ledger import Outside

    path = checkpoint_path(slug)
    if outside is not None:
        path = outside / path.name
        if not path.exists():
            raise ValueError(f"outside: {path} is missing; copy the checkpoints' folder whole")
    for last in (False, True):  # a time-stamp that is being written at this moment is one file new, and one old or none
        try:
            kept = Outside.beside(path) if path.exists() else None
        except ValueError:
            if last:
                raise
            time.sleep(WRITTEN_SECONDS)
            continue
        report = ledger().audit(log, trust=trust(), outside=kept)
        if report.ok:
            break
    return [
        LogProblem(2, f"entry {problem.sequence} ({problem.entry_id}) of {log}", problem.reason)
        for problem in report.problems
    ]
