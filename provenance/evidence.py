"""What can be said about a file by looking at it alone: its pixels, its credential, who signed it.

Nothing here asks the ledger, so all of it can run on hostile bytes in a limited process (`isolation`), and the result
crosses back as plain JSON. What the evidence amounts to is decided in `verification`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from cryptography import x509

from provenance import credentials, jumbf, manifest
from provenance.canonical import rfc3339, sha256_hex
from provenance.keys.chains import organisation, trusted_root
from provenance.pictures import decode

# Codes that speak about the certificate's standing and not about whether the picture is what was signed.
_STANDING_CODES = frozenset(
    {"signingCredential.untrusted", "signingCredential.expired", "claimSignature.outsideValidity"}
)
_EXPIRED_CODES = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
_BINDING_CODE = "assertion.dataHash.mismatch"


class Integrity(StrEnum):
    """Whether a file still is what its credential says."""

    INTACT = "intact"
    ALTERED = "altered"
    NONE = "none"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The findings on one file. Digests are hexadecimal, times RFC 3339.

    `signer` is `none`, `invalid`, `unlisted` or `trusted:<organisation>`. `record` and `log` are what the manifest
    claims, and None unless a trusted signature stands behind the claim. `not_before` and `not_after` are the leaf's
    validity, `expired` says that the SDK found the signature outside it.
    """

    sha256: str
    pixel_sha256: str
    media_type: str
    integrity: str
    signer: str
    failures: tuple[str, ...] = ()
    manifest_id: str = ""
    record: str | None = None
    log: str | None = None
    expired: bool = False
    not_before: str = ""
    not_after: str = ""

    def to_json(self) -> dict[str, Any]:
        """The findings as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Evidence":
        """The findings that `to_json` gave; TypeError for anything else."""
        return cls(**{**fields, "failures": tuple(fields["failures"])})


def examine(data: bytes, *, roots_pem: bytes) -> Evidence:
    """Look at a file; UnreadableAssetError when it is no picture within the limits."""
    pixels = decode(data)
    credential = credentials.read(data, pixels.media_type, roots_pem=roots_pem)
    bare = Evidence(sha256_hex(data), pixels.sha256, pixels.media_type, integrity=Integrity.NONE, signer="none")
    if credential is None:
        return bare
    hard = [code for code in credential.failures if code not in _STANDING_CODES]
    integrity = Integrity.ALTERED if hard or not credential.manifest_id else Integrity.INTACT
    chain = _chain(data, pixels.media_type)
    root = trusted_root(chain, x509.load_pem_x509_certificates(roots_pem))
    genuine = root is not None and all(code == _BINDING_CODE for code in hard) and bool(credential.manifest_id)
    facts = credential.assertions.get(manifest.GOVERNANCE) if genuine else None
    return replace(
        bare,
        integrity=integrity,
        signer=_signer(root if genuine else None, hard),
        failures=credential.failures,
        manifest_id=credential.manifest_id,
        record=_text(facts, "record"),
        log=_text(facts.get("log") if isinstance(facts, Mapping) else None, "origin"),
        expired=bool(_EXPIRED_CODES.intersection(credential.failures)),
        not_before=rfc3339(chain[0].not_valid_before_utc) if chain else "",
        not_after=rfc3339(chain[0].not_valid_after_utc) if chain else "",
    )


def _chain(data: bytes, media_type: str) -> tuple[x509.Certificate, ...]:
    store = jumbf.manifest_store(data, media_type)
    try:
        return jumbf.certificates(store) if store else ()
    except ValueError:
        return ()


def _signer(root: x509.Certificate | None, hard: list[str]) -> str:
    """The signer's standing; `root` is the trusted one behind a genuine credential, None when there is none."""
    if root is not None:
        return f"trusted:{organisation(root)}"
    return "invalid" if any(code != _BINDING_CODE for code in hard) else "unlisted"


def _text(facts: Any, name: str) -> str | None:
    value = facts.get(name) if isinstance(facts, Mapping) else None
    return value if isinstance(value, str) else None
