"""Where each organisation's certificates and keys lie, and the one process that opens the private half.

A process signs only after `open_for_signing`, which the sign worker alone calls: another that tried, by a mistake in
the code, is refused here, and would not have the passphrase either (`studio.operations.processes`, docs/keys.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from provenance.keys import CheckpointKey, SigningIdentity, TrustStore
    from provenance.keys.places import Resolver
    from provenance.watermark import Watermark


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


def development_authorities() -> list[Path]:
    """Folders of TRUST_DIR whose claim signing key opens with the development passphrase, or whose name is that of
    the sample organisation, which has no other."""
    from provenance.errors import KeyFileError
    from provenance.keys.places import open_private_key

    found = []
    for folder in sorted(path for path in settings.TRUST_DIR.glob("*") if path.is_dir()):
        for key in folder.glob("leaf-*.key.pem"):
            with suppress(KeyFileError):
                open_private_key(key, settings.DEVELOPMENT_PASSPHRASE.encode())
                found.append(folder)
        if folder.name == SAMPLE_SLUG and folder not in found:
            found.append(folder)
    return found


# The organisation of the demonstration (studio.operations.sample), whose accounts and keys are public.
SAMPLE_SLUG = "sample-aid"
DEVELOPMENT_TIME_ROOT = "time-root-development.pem"
_CLOCK_NAME = "Development clock of this machine"


class _Office:
    """Whether this process signs."""

    open = False


def open_for_signing() -> None:
    """Make this process one that signs. Raises KeyFileError when it has no passphrase, or one that others can read."""
    from provenance.errors import KeyFileError
    from provenance.keys import files

    if path := os.environ.get("TRUST_PASSPHRASE_FILE"):
        files.read_private(Path(path))
    if not settings.TRUST_PASSPHRASE:
        raise KeyFileError(
            "TRUST_PASSPHRASE: the sign worker needs it; set TRUST_PASSPHRASE_FILE for this process alone"
        )
    _Office.open = True


def _passphrase() -> bytes:
    from provenance.errors import KeyFileError

    if not _Office.open:
        raise KeyFileError("keys: this process does not sign; run `manage.py worker sign`")
    return settings.TRUST_PASSPHRASE.encode()


def signing_identity(slug: str) -> SigningIdentity:
    """The organisation's signing key. Raises KeyFileError, also in a process that does not sign."""
    from provenance.keys import SigningIdentity

    return SigningIdentity.load(
        trust_folder(slug),
        passphrase=_passphrase(),
        timestamp_url=settings.TSA_URL or None,
        time_roots_pem=trust().anchors.time_roots_pem,
        resolvers=_resolvers(),
    )


def checkpoint_key(slug: str) -> CheckpointKey:
    """The key that signs the log's checkpoints. Raises KeyFileError, also in a process that does not sign."""
    from provenance.keys import CheckpointKey

    return CheckpointKey.load(trust_folder(slug), passphrase=_passphrase())


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """The public half of how an organisation's keys stand, in plain values.

    `findings` are what needs doing, each with whether nothing can be signed until it is done. `revoked` are, by key id,
    from when on a key is not believed, and why.
    """

    key_id: str
    algorithm: str
    expires: datetime
    revoked: Mapping[str, tuple[str, str]]
    findings: Sequence[tuple[bool, str]]


def key_standing(slug: str, *, now: datetime) -> KeyStanding:
    """How the keys stand, from the certificates alone. Raises KeyFileError, TrustError."""
    from provenance.canonical import rfc3339
    from provenance.keys.standing import standing

    found = standing(trust_folder(slug), now=now, with_keys=False)
    return KeyStanding(
        key_id=found.key_id,
        algorithm=found.algorithm,
        expires=found.expires,
        revoked={key: (rfc3339(item.since), item.reason) for key, item in found.revoked.items()},
        findings=[(finding.wrong, finding.what) for finding in found.findings],
    )


def prepare_development_clock(*, now: datetime) -> None:
    """Keys for the development time-stamp authority, made once, and its root where checks find it."""
    from provenance.keys import create_time_authority, files

    folder = _clock_folder()
    if not folder.exists():
        secret = settings.DEVELOPMENT_PASSPHRASE.encode()
        create_time_authority(folder, name=_CLOCK_NAME, passphrase=secret, now=now)
    settings.TRUST_DIR.mkdir(parents=True, exist_ok=True)
    files.replace(settings.TRUST_DIR / DEVELOPMENT_TIME_ROOT, (folder / files.TIME_ROOT).read_bytes())


def serve_development_clock(port: int) -> None:
    """Answer time-stamp requests on the loopback interface until the process ends."""
    from provenance.timestamps import TimeStampAuthority
    from provenance.timestamps.server import make_server

    authority = TimeStampAuthority.load(_clock_folder(), passphrase=settings.DEVELOPMENT_PASSPHRASE.encode())
    with make_server(authority, clock=timezone.now, host="127.0.0.1", port=port) as server:
        server.serve_forever()


def _clock_folder() -> Path:
    """Beside the trust directory, not in it: it is nobody's who signs."""
    return settings.VAR / "clock"


def _resolvers() -> Mapping[str, Resolver]:
    """The callbacks for keys at key services, by the scheme of their URIs (KEY_RESOLVERS)."""
    return {scheme: import_string(path) for scheme, path in settings.KEY_RESOLVERS.items()}


def trust() -> TrustStore:
    """The public half of every organisation's chain."""
    from provenance.keys import TrustStore

    return TrustStore.load(settings.TRUST_DIR)


def watermark_key() -> Path | None:
    """Where the key of the installation's watermark lies, None where the mark is not our own."""
    from provenance.watermark import key_file

    return key_file(settings.WATERMARK)


def create_watermark_key() -> None:
    """The key of the installation's watermark, if the mark is our own and there is none yet."""
    from provenance.watermark import create_key

    path = watermark_key()
    if path is not None and not path.exists():
        create_key(path)


def watermark() -> Watermark | None:
    """The installation's watermark, None when it is switched off. Raises KeyFileError when its key is missing."""
    return _opened(settings.WATERMARK) if settings.WATERMARK else None


@cache
def _opened(line: str) -> Watermark:
    from provenance.watermark import open_watermark

    return open_watermark(line)
