"""Writing a pack: pictures with everything that was recorded about them, and the script that checks it all.

- Only public material goes in: entries hold digests and commitments, the trust store holds no key.
- The log's last checkpoint must cover every entry; a pack never claims more than was signed.
- Pictures are taken one by one and written at once, so memory does not grow with their number.
- Names and times in the archive are fixed, the order is the pictures', nothing is compressed: packs can be compared.
"""

import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from provenance import credentials, jumbf
from provenance.canonical import rfc3339, sha256_hex
from provenance.errors import LedgerConflictError, LedgerUnavailableError
from provenance.keys import TrustStore
from provenance.ledger import Ledger, LedgerEntry
from provenance.ledger.checkpoints import Checkpoint, open_checkpoint
from provenance.pack.verify_pack import SUMS
from provenance.pictures import probe

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_pack(
    destination: BinaryIO | Path,
    *,
    pictures: Iterable[tuple[str, bytes]],
    ledger: Ledger,
    log: str,
    trust: TrustStore,
    now: datetime,
) -> None:
    """Write the zip. `pictures` are (file name, bytes of the sealed file); each must be recorded in the log.

    Raises LedgerConflictError for a picture without an entry, LedgerUnavailableError when the last checkpoint is older
    than an entry (sign a new one first), UnreadableAssetError for what is no picture, ValueError for a name used twice.
    """
    note, checkpoint = _checkpoint(ledger, log, trust)
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_STORED) as archive:
        writer = _Pack(archive, ledger, log, trust, note, checkpoint)
        for name, data in pictures:
            writer.add(name, data)
        writer.finish(now)


def _checkpoint(ledger: Ledger, log: str, trust: TrustStore) -> tuple[str, Checkpoint]:
    note = ledger.latest_checkpoint(log)
    if note is None:
        raise LedgerUnavailableError(f"checkpoint: the log {log} has none yet; sign one with `ledger checkpoint`")
    try:
        return note, open_checkpoint(note, origin=log, keys=trust.checkpoint_keys(log))
    except ValueError as error:
        raise LedgerConflictError(f"{error}; add the key that signed it to the trust directory") from error


@dataclass(slots=True)
class _Pack:
    """A pack while it is written; `sums` are the digests of what is in it."""

    archive: zipfile.ZipFile
    ledger: Ledger
    log: str
    trust: TrustStore
    note: str
    checkpoint: Checkpoint
    sums: dict[str, str] = field(default_factory=dict)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        """Take one picture and its whole history in."""
        history = self._history(name, data)
        media_type, plain = probe(data), PurePosixPath(name).name
        self._put(f"pictures/{plain}", data)
        if store := jumbf.manifest_store(data, media_type):
            self._put(f"manifests/{plain}.c2pa", store)
        if readable := credentials.crjson(data, media_type, roots_pem=self.trust.roots_pem):
            self._put(f"manifests/{plain}.json", readable.encode())
        for entry in history:
            self._add_entry(entry)
        self.pictures.append(
            {
                "file": f"pictures/{plain}",
                "media_type": media_type,
                "record": history[0].record,
                "entries": [entry.sequence for entry in history],
            }
        )

    def finish(self, now: datetime) -> None:
        """Write what is about the whole pack, the list of digests last."""
        vkeys = [str(key) for key in self.trust.checkpoint_keys(self.log)]
        index = {
            "version": 1,
            "log": self.log,
            "made": rfc3339(now),
            "vkeys": vkeys,
            "pictures": self.pictures,
            "entries": [self.entries[sequence] for sequence in sorted(self.entries)],
            "anchor": self._anchor(),
        }
        self._put("pack.json", json.dumps(index, indent=1).encode())
        self._put("checkpoint.txt", self.note.encode())
        self._put("trust/roots.pem", self.trust.roots_pem)
        if self.trust.anchors.time_roots_pem:
            self._put("trust/time-roots.pem", self.trust.anchors.time_roots_pem)
        if self.trust.anchors.revoked_pem:
            self._put("trust/revoked.pem", self.trust.anchors.revoked_pem)
        self._put("trust/checkpoint.vkeys", "".join(f"{vkey}\n" for vkey in vkeys).encode())
        for name in ("verify_pack.py", "README.txt"):
            self._put(name, resources.files("provenance.pack").joinpath(name).read_bytes())
        self._put(SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(self.sums.items())).encode())

    def _anchor(self) -> dict[str, Any] | None:
        """The last time-stamp of the log, with the proof that the pack's checkpoint goes on from the stamped one."""
        kept = self.ledger.latest_anchor(self.log)
        if kept is None or kept[0].size > self.checkpoint.size or not self.trust.anchors.time_roots_pem:
            return None
        anchor, statement = kept
        self._put("anchor.txt", statement)
        self._put("anchor.tst", anchor.token)
        proof = self.ledger.consistency_proof(self.log, anchor.size, self.checkpoint.size)
        return {"size": anchor.size, "proof": [step.hex() for step in proof]}

    def _put(self, name: str, data: bytes) -> None:
        if name in self.sums:
            raise ValueError(f"pictures: two of them are called {name}; give each its own file name")
        self.archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
        self.sums[name] = sha256_hex(data)

    def _history(self, name: str, data: bytes) -> Sequence[LedgerEntry]:
        found = [entry for entry in self.ledger.by_asset(sha256_hex(data)) if entry.log == self.log and entry.record]
        if not found:
            raise LedgerConflictError(
                f"{name}: the log {self.log} has no entry for this file; pack recorded files only"
            )
        return [entry for entry in self.ledger.by_record(str(found[0].record)) if entry.log == self.log]

    def _add_entry(self, entry: LedgerEntry) -> None:
        if entry.sequence in self.entries:
            return
        if entry.sequence >= self.checkpoint.size:
            raise LedgerUnavailableError(f"checkpoint: it is older than entry {entry.sequence}; sign a new one first")
        name = f"entries/{entry.sequence}.json"
        self._put(name, entry.canonical)
        proof = self.ledger.inclusion_proof(self.log, entry.sequence, self.checkpoint.size)
        self.entries[entry.sequence] = {
            "file": name,
            "sequence": entry.sequence,
            "proof": [step.hex() for step in proof],
        }
