"""Pixels to signed files, and files to verdicts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from studio.pipeline.keys import signing_identity, trust, watermark
from studio.pipeline.records import ledger

if TYPE_CHECKING:
    from provenance.claims import Claim
    from provenance.seal import SignedAsset
    from provenance.timestamps.patience import Patience
    from provenance.verification import Verification

STORE_NAME = b"c2pa"
TSA_PAUSE_SECONDS, TSA_TIMEOUT_SECONDS = 5.0, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Everything a manifest says about how a picture came to be, in plain values."""

    slug: str
    producer: str
    log: str
    record: str
    title: str
    when: datetime
    entry: UUID
    model: Mapping[str, str]
    recipe: Mapping[str, Any]
    seed: str
    request_digest: str
    prompt_commitment: str
    policy_digest: str
    decision_ids: Sequence[str]
    label: str
    language: str
    training_mining: str
    prompt: str | None
    reference_commitment: str | None = None
    approver_role: str | None = None
    decision_sequence: int | None = None


def claim_about(facts: Circumstances) -> Claim:
    """The library's claim about a picture, with the log's last checkpoint in it."""
    from provenance.claims import Claim, Governance, ModelReference, Oversight
    from studio import __version__

    size, root = _checkpoint_head(facts.log)
    recipe = facts.recipe
    told = ("steps", "guidance", "width", "height", "strength")
    return Claim(
        title=facts.title,
        producer=facts.producer,
        when=facts.when,
        model=ModelReference(
            name=facts.model["title"],
            revision=facts.model["revision"],
            weights_sha256=facts.model["digest"],
            licence=facts.model["licence"],
            data_manifest_sha256=facts.model["data_manifest_sha256"] or None,
        ),
        software=("Imprimatur", __version__),
        parameters={name: recipe["spec"][name] for name in told if name in recipe["spec"]},
        governance=Governance(
            record=facts.record,
            request_digest=facts.request_digest,
            prompt_commitment=facts.prompt_commitment,
            seed=facts.seed,
            scheduler=recipe["scheduler"]["class"],
            policy_digest=facts.policy_digest,
            decision_ids=tuple(facts.decision_ids),
            log_origin=facts.log,
            entry_id=str(facts.entry),
            checkpoint_size=size,
            checkpoint_root=root,
            approver_role=facts.approver_role,
            decision_leaf_index=facts.decision_sequence,
        ),
        oversight=Oversight.HUMAN_VALIDATED if facts.approver_role else Oversight.PROMPT_GUIDED,
        training_mining={
            "cawg.ai_generative_training": facts.training_mining,
            "cawg.ai_training": facts.training_mining,
        },
        label=facts.label,
        language=facts.language,
        prompt=facts.prompt,
        reference_commitment=facts.reference_commitment,
    )


def _checkpoint_head(log: str) -> tuple[int, str]:
    """Size and base64 root of the last checkpoint (C2SP tlog-checkpoint: origin, size, root), or of the empty log."""
    note = ledger().latest_checkpoint(log)
    if note is None:
        return 0, ""
    lines = note.split("\n")
    return int(lines[1]), lines[2]


@cache
def patience() -> Patience:
    """What this process remembers of time-stamp authorities that were silent."""
    from provenance.timestamps.patience import Patience

    return Patience(pause=TSA_PAUSE_SECONDS, timeout=TSA_TIMEOUT_SECONDS, clock=time.monotonic)


def seal(
    pixels: bytes, width: int, height: int, facts: Circumstances, *, reference: bytes | None = None
) -> SignedAsset:
    """Label, mark, describe and sign, in that order; the manifest of the file `reference` goes along.

    Raises KeyFileError, SealError.
    """
    from provenance.seal import seal

    identity = signing_identity(facts.slug)
    with patience().watching(identity):
        return seal(pixels, width, height, claim_about(facts), identity, watermark=watermark(), reference=reference)


def seal_strip(strip: bytes, facts: Circumstances) -> bytes:
    """Sign the strip of a picture's making as what it is. Raises KeyFileError, SealError."""
    from provenance.seal import seal_strip

    identity = signing_identity(facts.slug)
    with patience().watching(identity):
        return seal_strip(strip, claim_about(facts), identity)


def release(first: bytes, facts: Circumstances) -> SignedAsset:
    """The second manifest, with the first file as its parent; the pixels stay equal. Raises KeyFileError, SealError."""
    from provenance.seal import release

    identity = signing_identity(facts.slug)
    with patience().watching(identity):
        return release(first, claim_about(facts), identity)


class CredentialOf(StrEnum):
    """What a file that somebody hands in says about itself."""

    NOTHING = "nothing"
    HOLDS = "holds"
    BROKEN = "broken"
    UNCHECKED = "unchecked"


def credential_of(data: bytes) -> CredentialOf:
    """Whether a file carries a credential, and whether it holds, whoever signed it; looked at in the limited process.

    UNCHECKED: there is one, and the picture is too large or too damaged to be compared with it.
    """
    from provenance.errors import UnreadableAssetError
    from provenance.evidence import Integrity
    from provenance.isolation import examine_isolated

    try:
        found = examine_isolated(data, anchors=trust().anchors)
    except UnreadableAssetError:
        # Beyond the limits, or the reader died of it. Every manifest store has its name in it, uncompressed.
        return CredentialOf.UNCHECKED if STORE_NAME in data else CredentialOf.NOTHING
    if found.integrity == Integrity.ALTERED:
        return CredentialOf.BROKEN if found.pixel_sha256 else CredentialOf.UNCHECKED
    return CredentialOf.HOLDS if found.integrity == Integrity.INTACT else CredentialOf.NOTHING


def readers_leave_network() -> bool:
    """Whether the limited process can have no network on this machine."""
    from provenance.reader import may_leave_network

    return may_leave_network()


def verify(data: bytes) -> Verification:
    """The answer for bytes we made or stored ourselves. Raises LedgerUnavailableError."""
    from provenance.verification import verify

    return verify(data, trust=trust(), ledger=ledger(), watermark=watermark())


def verify_stranger(data: bytes) -> Verification:
    """The same for bytes from anybody, parsed in a limited process."""
    from provenance.verification import verify_isolated

    return verify_isolated(data, trust=trust(), ledger=ledger(), watermark=settings.WATERMARK)
