"""What an auditor takes out of the library: facts of a credential, keys, packs, and documents with a signature."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from studio.pipeline.keys import signing_identity, trust, trust_folder
from studio.pipeline.records import ledger

if TYPE_CHECKING:
    from provenance.keys.leaves import Leaf
    from provenance.summary import Summary


def summarise(data: bytes) -> Summary | None:
    """The facts of a file's credential; None where it carries none. Raises UnreadableAssetError."""
    from provenance.summary import summarise

    return summarise(data, anchors=trust().anchors)


def leaves(slug: str) -> list[Leaf]:
    """An organisation's signing certificates, the present one first. Raises KeyFileError, TrustError."""
    from provenance.keys.leaves import leaves

    return leaves(trust_folder(slug))


def root_fingerprints() -> list[str]:
    """The SHA-256 of the roots of trust, for comparing with what the organisation publishes elsewhere."""
    from provenance.keys.chains import key_id

    return [key_id(root) for root in trust().roots]


def checkpoint_vkeys(log: str) -> list[str]:
    """The public keys that sign a log's checkpoints, as verifiers take them."""
    return [str(key) for key in trust().checkpoint_keys(log)]


def write_pack(destination: Path, *, log: str, pictures: Iterable[tuple[str, bytes]], now: datetime) -> None:
    """The auditor's offline pack: files, entries, proofs, checkpoint, trust roots and the script that checks them.

    Files are taken one by one. Raises LedgerConflictError, LedgerUnavailableError while no checkpoint covers an entry.
    """
    from provenance.pack import write_pack

    write_pack(destination, pictures=pictures, ledger=ledger(), log=log, trust=trust(), now=now)


def sign_document(slug: str, document: bytes, *, reason: str) -> bytes:
    """A PDF with the organisation's signature over all of it. Raises KeyFileError, SealError."""
    from provenance.documents import sign_document

    return sign_document(document, signing_identity(slug), reason=reason)
