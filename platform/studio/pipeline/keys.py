"""Where each organisation's certificates and keys lie. Only the sealing process opens the private half."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from provenance.keys import CheckpointKey, SigningIdentity, TrustStore


def trust_folder(slug: str) -> Path:
    """Where an organisation's certificates and (in the sealing process) keys lie."""
    return settings.TRUST_DIR / slug


def create_authority(slug: str, *, name: str, log: str, now: datetime) -> None:
    """A signing chain and a checkpoint key for a new organisation."""
    from provenance.keys import create_authority

    create_authority(
        trust_folder(slug),
        organisation=name,
        passphrase=settings.TRUST_PASSPHRASE.encode(),
        checkpoint_name=log,
        now=now,
    )


def signing_identity(slug: str) -> SigningIdentity:
    """The organisation's signing key; only the sealing process may call this. Raises KeyFileError."""
    from provenance.keys import SigningIdentity

    passphrase = settings.TRUST_PASSPHRASE.encode()
    return SigningIdentity.load(trust_folder(slug), passphrase=passphrase, timestamp_url=settings.TSA_URL or None)


def checkpoint_key(slug: str) -> CheckpointKey:
    """The key that signs the log's checkpoints; only the sealing process may call this."""
    from provenance.keys import CheckpointKey

    return CheckpointKey.load(trust_folder(slug), passphrase=settings.TRUST_PASSPHRASE.encode())


def trust() -> TrustStore:
    """The public half of every organisation's chain."""
    from provenance.keys import TrustStore

    return TrustStore.load(settings.TRUST_DIR)
