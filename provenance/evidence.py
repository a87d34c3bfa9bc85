"""What can be said about a file by looking at it alone: its pixels, its credential, who signed it.

Nothing here asks the ledger, so all of it can run on hostile bytes in a limited process (`isolation`), and the result
crosses back as plain JSON. What the evidence amounts to is decided in `verification`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from cryptography import x509

from provenance import credentials, jumbf, manifest, media
from provenance.canonical import rfc3339, sha256_hex
from provenance.errors import UnreadableAssetError
from provenance.fingerprint import fingerprint
from provenance.keys.chains import organisation, trusted_root
from provenance.pictures import MOST_BYTES, Pixels, decode, guess

# Codes that speak about the certificate's standing and not about whether the picture is what was signed.
_STANDING_CODES = frozenset(
    {"signingCredential.untrusted", "signingCredential.expired", "claimSignature.outsideValidity"}
)
_EXPIRED_CODES = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
_BINDING_CODES = frozenset({"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch"})
_TRUSTED_CODE = "signingCredential.trusted"
_SIGNED_CODE = "claimSignature.validated"
_BOUND_CODES = frozenset({"assertion.dataHash.match", "assertion.boxesHash.match", "assertion.bmffHash.match"})


class Integrity(StrEnum):
    """Whether a file still is what its credential says."""

    INTACT = "intact"
    ALTERED = "altered"
    NONE = "none"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The findings on one file. Digests are hexadecimal, times RFC 3339.

    `pixel_sha256` and `fingerprint` are empty when the pixels cannot be decoded; of a moving picture or a sound the
    former is `media.content_digest`. `signer` is `none`, `invalid`,
    `unlisted` or `trusted:<organisation>`. `record` and `log` are what the manifest claims, and None unless a trusted
    signature stands behind the claim. `not_before` and `not_after` are the leaf's validity; `expired`: it is over.
    """

    sha256: str
    pixel_sha256: str
    media_type: str
    integrity: str
    signer: str
    fingerprint: str = ""
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


@dataclass(frozen=True, slots=True)
class _Signers:
    """Who signed: certificates, leaf first, and the trusted root behind them, if any."""

    chain: tuple[x509.Certificate, ...]
    root: x509.Certificate | None


def examine(data: bytes, *, roots_pem: bytes) -> Evidence:
    """Look at a file; UnreadableAssetError when it is no picture within the limits.

    A file whose pixels are damaged but which still carries a manifest was altered, and is reported as such.
    """
    if kind := media.guess(data):
        return _examine_media(data, kind, roots_pem=roots_pem)
    pixels, trouble = _pixels(data)
    media_type = pixels.media_type if pixels else guess(data)
    store = jumbf.manifest_store(data, media_type) if media_type else None
    if media_type is None or (pixels is None and store is None):
        raise trouble or UnreadableAssetError("file: not a picture")
    bare = Evidence(sha256_hex(data), "", media_type, integrity=Integrity.NONE, signer="none")
    if pixels is not None:
        code = fingerprint(pixels.data, pixels.width, pixels.height)
        bare = replace(bare, pixel_sha256=pixels.sha256, fingerprint=code)
    if store is None:
        return bare
    credential = credentials.read(data, media_type, roots_pem=roots_pem)
    if credential is None:
        return replace(bare, integrity=Integrity.ALTERED, signer="invalid", failures=("manifest.unreadable",))
    return _weigh(bare, credential, _signers(store, x509.load_pem_x509_certificates(roots_pem)))


def _examine_media(data: bytes, media_type: str, *, roots_pem: bytes) -> Evidence:
    """A moving picture or a sound: its content is digested as it is stored, not as it is played."""
    content = media.content_digest(data, media_type)
    bare = Evidence(sha256_hex(data), content, media_type, integrity=Integrity.NONE, signer="none")
    store = jumbf.manifest_store(data, media_type)
    if store is None:
        return bare
    credential = credentials.read(data, media_type, roots_pem=roots_pem)
    if credential is None:
        return replace(bare, integrity=Integrity.ALTERED, signer="invalid", failures=("manifest.unreadable",))
    return _weigh(bare, credential, _signers(store, x509.load_pem_x509_certificates(roots_pem)))


def _pixels(data: bytes) -> tuple[Pixels | None, UnreadableAssetError | None]:
    try:
        return decode(data), None
    except UnreadableAssetError as error:
        if len(data) > MOST_BYTES:
            raise
        return None, error


def _weigh(bare: Evidence, credential: credentials.Credential, signers: _Signers) -> Evidence:
    """What the SDK's findings and the signer's certificates amount to."""
    hard = [code for code in credential.failures if code not in _STANDING_CODES]
    # Silence is not consent: the signature and the hard binding must have been found good, not merely unreported.
    signed, bound = _SIGNED_CODE in credential.successes, bool(_BOUND_CODES & credential.successes)
    expired = bool(_EXPIRED_CODES.intersection(credential.failures))
    # The SDK must trust the signer by itself; only of an expired one it cannot say so, and then our own check stands.
    trusted = _TRUSTED_CODE in credential.successes or expired
    chain, root = signers.chain, signers.root if trusted else None
    genuine = signed and root is not None and _BINDING_CODES.issuperset(hard)
    facts = credential.assertions.get(manifest.GOVERNANCE) if genuine else None
    intact = signed and bound and not hard and bool(bare.pixel_sha256)
    return replace(
        bare,
        integrity=Integrity.INTACT if intact else Integrity.ALTERED,
        signer=_signer(root if genuine else None, hard),
        failures=credential.failures,
        manifest_id=credential.manifest_id,
        record=_text(facts, "record"),
        log=_text(facts.get("log") if isinstance(facts, Mapping) else None, "origin"),
        expired=expired,
        not_before=rfc3339(chain[0].not_valid_before_utc) if chain else "",
        not_after=rfc3339(chain[0].not_valid_after_utc) if chain else "",
    )


def _signers(store: bytes, roots: Sequence[x509.Certificate]) -> _Signers:
    """The certificates in the manifest, and the root of ours they end in; nothing if they cannot be made sense of."""
    try:
        chain = jumbf.certificates(store)
        return _Signers(chain, trusted_root(chain, roots))
    except Exception:  # noqa: BLE001  # CBOR, DER and curves from a hostile file: all that fails means "not ours"
        return _Signers((), None)


def _signer(root: x509.Certificate | None, hard: list[str]) -> str:
    """The signer's standing; `root` is the trusted one behind a genuine credential, None when there is none."""
    if root is not None:
        return f"trusted:{organisation(root)}"
    return "invalid" if not _BINDING_CODES.issuperset(hard) else "unlisted"


def _text(facts: Any, name: str) -> str | None:
    value = facts.get(name) if isinstance(facts, Mapping) else None
    return value if isinstance(value, str) else None
