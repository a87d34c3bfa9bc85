"""The values the ledger hands out: what was recorded, and the receipt for it.

Both are built from the canonical bytes alone. The searchable columns beside them only find a row; they are never
believed, because whoever can edit a column cannot edit the hash of the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from provenance.entries import EntryKind, parse_entry
from provenance.ledger.merkle import leaf_hash


def octets(value: object) -> bytes:
    """The bytes of a binary column; ValueError for what SQLite also lets somebody put there, text for instance."""
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueError(f"a binary column holds {type(value).__name__}")
    return bytes(value)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof for the caller that an entry is in the log: its position, its leaf hash, and the size after it."""

    log: str
    entry_id: UUID
    sequence: int
    leaf: str
    size: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One entry. `at` is RFC 3339, `asset` holds `sha256`, `pixel_sha256`, `media_type`; `leaf` is hexadecimal."""

    log: str
    sequence: int
    entry_id: UUID
    kind: EntryKind
    at: str
    record: str | None
    asset: Mapping[str, str] | None
    body: Mapping[str, Any]
    canonical: bytes
    leaf: str

    @classmethod
    def parse(cls, sequence: int, canonical: bytes) -> "LedgerEntry":
        """Read the bytes of an entry; ValueError when they are not an entry."""
        fields = parse_entry(canonical)
        return cls(
            log=fields["log"],
            sequence=sequence,
            entry_id=UUID(fields["id"]),
            kind=EntryKind(fields["kind"]),
            at=fields["at"],
            record=fields["record"],
            asset=fields["asset"],
            body=fields["body"],
            canonical=canonical,
            leaf=leaf_hash(canonical).hex(),
        )

    @property
    def receipt(self) -> Receipt:
        """The receipt that the append of this entry returned."""
        return Receipt(self.log, self.entry_id, self.sequence, self.leaf, self.sequence + 1)
