"""What can be said about a file by looking at it alone: its pixels, its credential, who signed it.

Nothing here asks the ledger, so all of it can run on hostile bytes in a limited process (`isolation`), and the result
crosses back as plain JSON. What the evidence amounts to is decided in `verification`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography import x509

from provenance import credentials, jumbf, manifest, media
from provenance.canonical import rfc3339, sha256_hex
from provenance.errors import UnreadableAssetError
from provenance.fingerprint import fingerprint
from provenance.keys import Anchors, revocation
from provenance.keys.chains import organisation, trusted_root
from provenance.landmarks import views
from provenance.pictures import MOST_BYTES, Pixels, decode, guess
from provenance.timestamps.stamps import TimeStamp, open_stamp
from provenance.watermark import Watermark, mark_name

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

    `pixel_sha256`, `fingerprint` and `views` are empty when the pixels cannot be decoded; the views, in which landmarks
    are looked for, also when a signature of ours says whose picture it is. `watermark` is the mark that was read then,
    `algorithm:payload`, or empty; `whole`: the picture seems to be all of what was marked, None if unknown. Of a moving
    picture or a sound the pixel digest is `media.content_digest`. `signer` is `none`, `invalid`, `unlisted`,
    `trusted:<organisation>` or, where its key was revoked and no time-stamp shows that the file was signed before,
    `revoked:<organisation>`. `record` and `log` are what the manifest claims, None unless a signature of ours stands
    behind it. `not_before` and `not_after` are the leaf's validity; `expired`: it is over, and no time-stamp
    shows that it was not when the file was signed. `stamped_at` is the time of a time-stamp that counts, `stamped_by`
    whose it is. `revoked_since`: from when on the key is not believed any more, for `revoked_why`.
    """

    sha256: str
    pixel_sha256: str
    media_type: str
    integrity: str
    signer: str
    fingerprint: str = ""
    views: tuple[str, ...] = ()
    watermark: str = ""
    whole: bool | None = None
    failures: tuple[str, ...] = ()
    manifest_id: str = ""
    record: str | None = None
    log: str | None = None
    expired: bool = False
    not_before: str = ""
    not_after: str = ""
    stamped_at: str = ""
    stamped_by: str = ""
    revoked_since: str = ""
    revoked_why: str = ""

    def to_json(self) -> dict[str, Any]:
        """The findings as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Evidence":
        """The findings that `to_json` gave; TypeError for anything else."""
        return cls(**{**fields, "failures": tuple(fields["failures"]), "views": tuple(fields["views"])})


@dataclass(frozen=True, slots=True)
class _Signers:
    """Who signed: certificates, leaf first, and the trusted root behind them, if any.

    `stamp` is a time-stamp that counts, `revoked` the earliest revocation on the way from leaf to root.
    """

    chain: tuple[x509.Certificate, ...]
    root: x509.Certificate | None
    stamp: TimeStamp | None = None
    revoked: revocation.Revocation | None = None

    @property
    def over(self) -> bool:
        """Whether the leaf has ended, by this machine's clock as for the SDK, and no time-stamp is of its time."""
        leaf = self.chain[0]
        if self.stamp is not None:
            return not leaf.not_valid_before_utc <= self.stamp.at <= leaf.not_valid_after_utc
        return leaf.not_valid_after_utc <= datetime.now(UTC)

    @property
    def disowned(self) -> bool:
        """Whether something was revoked, and no time-stamp shows that the file was signed before."""
        return self.revoked is not None and (self.stamp is None or self.stamp.at >= self.revoked.since)


def examine(data: bytes, *, anchors: Anchors, watermark: Watermark | None = None) -> Evidence:
    """Look at a file; UnreadableAssetError when it is no picture within the limits.

    A file whose pixels are damaged but which still carries a manifest was altered, and is reported as such. A watermark
    is looked for in whatever does not say by itself, under a signature of ours, what it is.
    """
    if kind := media.guess(data):
        return _examine_media(data, kind, anchors=anchors)
    pixels, trouble = _pixels(data)
    media_type = pixels.media_type if pixels else guess(data)
    store = jumbf.manifest_store(data, media_type) if media_type else None
    if media_type is None or (pixels is None and store is None):
        raise trouble or UnreadableAssetError("file: not a picture")
    bare = Evidence(sha256_hex(data), "", media_type, integrity=Integrity.NONE, signer="none")
    if pixels is not None:
        code = fingerprint(pixels.data, pixels.width, pixels.height)
        bare = replace(bare, pixel_sha256=pixels.sha256, fingerprint=code)
    found = _credential(bare, data, store, anchors) if store is not None else bare
    if pixels is None or found.record is not None:
        return found
    found = replace(found, views=views(pixels.data, pixels.width, pixels.height))
    return _listen(found, pixels, watermark) if watermark is not None else found


def _listen(found: Evidence, pixels: Pixels, watermark: Watermark) -> Evidence:
    try:
        mark = watermark.find(pixels.data, pixels.width, pixels.height)
    except Exception:  # noqa: BLE001  # a model of somebody else's that fails must not keep a file from being checked
        return found
    if mark is None:
        return found
    return replace(found, watermark=mark_name(watermark.algorithm, mark.payload), whole=mark.whole)


def _credential(bare: Evidence, data: bytes, store: bytes, anchors: Anchors) -> Evidence:
    """The evidence with what the manifest in the file adds to it."""
    credential = credentials.read(data, bare.media_type, roots_pem=anchors.all_pem)
    if credential is None:
        return replace(bare, integrity=Integrity.ALTERED, signer="invalid", failures=("manifest.unreadable",))
    return _weigh(bare, credential, _signers(store, anchors))


def _examine_media(data: bytes, media_type: str, *, anchors: Anchors) -> Evidence:
    """A moving picture or a sound: its content is digested as it is stored, not as it is played."""
    content = media.content_digest(data, media_type)
    bare = Evidence(sha256_hex(data), content, media_type, integrity=Integrity.NONE, signer="none")
    store = jumbf.manifest_store(data, media_type)
    return bare if store is None else _credential(bare, data, store, anchors)


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
    revoked = signers.revoked if root is not None else None
    genuine = signed and root is not None and _BINDING_CODES.issuperset(hard)
    facts = credential.assertions.get(manifest.GOVERNANCE) if genuine else None
    intact = signed and bound and not hard and bool(bare.pixel_sha256)
    return replace(
        bare,
        integrity=Integrity.INTACT if intact else Integrity.ALTERED,
        signer=_signer(root if genuine else None, hard, revoked=signers.disowned),
        failures=credential.failures,
        manifest_id=credential.manifest_id,
        record=_text(facts, "record"),
        log=_text(facts.get("log") if isinstance(facts, Mapping) else None, "origin"),
        # The SDK takes a time-stamp by anybody under any root; ours counts too, and whoever is stricter is right.
        expired=expired or (bool(chain) and signers.over),
        not_before=rfc3339(chain[0].not_valid_before_utc) if chain else "",
        not_after=rfc3339(chain[0].not_valid_after_utc) if chain else "",
        stamped_at=rfc3339(signers.stamp.at) if signers.stamp else "",
        stamped_by=signers.stamp.authority if signers.stamp else "",
        revoked_since=rfc3339(revoked.since) if revoked else "",
        revoked_why=revoked.why if revoked else "",
    )


def _signers(store: bytes, anchors: Anchors) -> _Signers:
    """Who signed, as far as it can be made sense of; nothing if it cannot."""
    try:
        signature = jumbf.signature(store)
        root = trusted_root(signature.chain, x509.load_pem_x509_certificates(anchors.roots_pem))
        path = (*signature.chain, root) if root is not None else signature.chain
        revoked = revocation.revocation_in(path, revocation.load(anchors.revoked_pem))
        return _Signers(signature.chain, root, _stamp(signature, anchors), revoked)
    except Exception:  # noqa: BLE001  # CBOR, DER and curves from a hostile file: all that fails means "not ours"
        return _Signers((), None)


def _stamp(signature: jumbf.Signature, anchors: Anchors) -> TimeStamp | None:
    """The time-stamp, if it counts: one that does not is as good as none, and no reason to doubt the signature."""
    if signature.token is None:
        return None
    try:
        return open_stamp(signature.token, signature.stamped, roots_pem=anchors.time_roots_pem)
    except ValueError:
        return None


def _signer(root: x509.Certificate | None, hard: list[str], *, revoked: bool) -> str:
    """The signer's standing; `root` is the trusted one behind a genuine credential, None when there is none."""
    if root is not None:
        return f"{'revoked' if revoked else 'trusted'}:{organisation(root)}"
    return "invalid" if not _BINDING_CODES.issuperset(hard) else "unlisted"


def _text(facts: Any, name: str) -> str | None:
    value = facts.get(name) if isinstance(facts, Mapping) else None
    return value if isinstance(value, str) else None
