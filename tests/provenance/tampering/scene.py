"""A ledger with two checkpoints and a time-stamp, copies of the last ones kept elsewhere, and an intruder without
triggers in the way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from provenance.canonical import sha256_hex
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.fingerprint import from_bits
from provenance.keys import CheckpointKey
from provenance.keys.notes import VerifierKey
from provenance.ledger import AuditReport, Ledger, Outside
from provenance.ledger.anchors import statement
from provenance.ledger.audit import Auditor
from tests.provenance.office import LOG

CHECKPOINT, STAMPED, SIZE = 8, 10, 11


@dataclass(frozen=True, slots=True)
class Scene:
    """The intruder's connection, the keys and roots that are trusted, what is kept elsewhere, and a forger's key."""

    intruder: Connection
    keys: tuple[VerifierKey, ...]
    time_roots_pem: bytes
    outside: Outside
    forger: CheckpointKey
    now: datetime

    def audit(self, *, outside: Outside | None = None) -> AuditReport:
        """What an auditor sees of what the intruder did, committed or not."""
        return Auditor(self.intruder, LOG, self.keys, outside or Outside(), self.time_roots_pem).run()


def entry(number: int, *, note: str = "") -> bytes:
    """An entry about a picture of its own, with everything that it is found by."""
    digest = sha256_hex(str(number).encode())
    bits = bytes.fromhex(digest)
    asset = {
        "sha256": digest, "pixel_sha256": digest, "media_type": "image/png", "fingerprint": from_bits(bits),
        "landmarks": "AAECAwQFBgcICQ==", "watermark": f"org.imprimatur.lattice.v1:{digest[:16]}",
    }  # fmt: skip
    return canonical_entry(
        log=LOG, entry_id=entry_id(LOG, EntryKind.PICTURE, str(number)), kind=EntryKind.PICTURE,
        at=datetime.fromisoformat("2026-11-24T12:00:00+00:00"), record=None, asset=asset,
        body={"number": number, "note": note},
    )  # fmt: skip


def fill(ledger: Ledger, key: CheckpointKey, ask: Callable[[bytes], bytes], *, now: datetime) -> Outside:
    """Eleven entries with checkpoints after eight, ten and all, the one of ten time-stamped; what is kept elsewhere."""
    note = ""
    for number in range(SIZE):
        ledger.append(entry(number))
        if number + 1 in {CHECKPOINT, STAMPED, SIZE}:
            note = ledger.checkpoint(LOG, key, now=now)
        if number + 1 == STAMPED:
            ledger.anchor(LOG, ask)
    kept = ledger.latest_anchor(LOG)
    assert kept is not None
    stamped = ledger.checkpoint_of(LOG, kept[0].size)
    assert kept[1] == statement(str(stamped), None)
    return Outside(note, kept[1], kept[0].token)


def drop_triggers(connection: Connection) -> None:
    """What only the owner of the database, or of the file, can do."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION ledger_refuse CASCADE"))
        return
    for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        connection.execute(text(f"DROP TRIGGER {name}"))
