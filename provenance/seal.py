"""Sealing: visible label, watermark, XMP, and the C2PA signature last, because nothing may be written after it.

- `seal` makes the first file of a picture from its pixels; `release` adds the second manifest, which opens the first.
- Release never touches pixels: what was approved is what is published, and it is checked, not assumed.
- A picture made out of another one names it as its parent or its input, and takes that one's manifest along, whoever
  signed it; one whose own credential is broken is refused, because signing over it would launder it.
- Signing is not deterministic (ECDSA, fresh identifiers): store the result before recording it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from provenance import credentials, ingredients, jumbf, manifest, xmp
from provenance.canonical import sha256_hex
from provenance.claims import Claim
from provenance.errors import SealError
from provenance.fingerprint import fingerprint
from provenance.keys import SigningIdentity
from provenance.labels import draw_label
from provenance.landmarks import landmarks
from provenance.pictures import decode, encode, pixel_digest, probe, to_image, xmp_packet
from provenance.watermark import Watermark, mark_name, payload_of


@dataclass(frozen=True, slots=True)
class SignedAsset:
    """A signed file. `pixel_sha256` is of its decoded pixels, `source_pixel_sha256` of the pixels before the
    label; `fingerprint` is an ISCC of what is to be seen, and `landmarks` are places in it, both empty for a plain
    surface; `watermark` is the mark in the pixels, `algorithm:payload`, or empty."""

    data: bytes
    media_type: str
    sha256: str
    pixel_sha256: str
    source_pixel_sha256: str
    manifest_id: str
    fingerprint: str
    landmarks: str
    watermark: str

    @property
    def entry(self) -> dict[str, str]:
        """The `asset` of the ledger entry about this file, see `canonical_entry`."""
        return {
            "sha256": self.sha256,
            "pixel_sha256": self.pixel_sha256,
            "media_type": self.media_type,
            "fingerprint": self.fingerprint,
            "landmarks": self.landmarks,
            "watermark": self.watermark,
        }


def seal(
    pixels: bytes,
    width: int,
    height: int,
    claim: Claim,
    identity: SigningIdentity,
    *,
    media_type: str = "image/png",
    watermark: Watermark | None = None,
    source: bytes | None = None,
    reference: bytes | None = None,
) -> SignedAsset:
    """Label and sign RGB8 pixels as a PNG, JPEG, WebP or AVIF file.

    `source` is the picture file that was edited to make these pixels, which the manifest then opens as its parent.
    `reference` is the file of the picture that the claim says the model started from; its own manifest goes along.
    Raises ValueError for pixels that do not fit their size, SealError when signing fails, the key has expired or one of
    both carries a broken credential, UnreadableAssetError when it is no picture.
    """
    require_current(claim, identity)
    parent = _edited(source, identity) if source is not None else None
    image = draw_label(to_image(pixels, width, height), claim.label, claim.language)
    image, mark = _marked(image, claim, watermark)
    plain = manifest.plain_fields(claim, composite=parent is not None)
    file = encode(image, media_type, xmp=xmp.packet(plain))
    code = fingerprint(image.tobytes(), width, height)
    define = manifest.creation if parent is None else manifest.edition
    definition = define(claim, media_type, fingerprint=code, watermark=mark)
    started = None
    if reference is not None:
        definition, started = _started(definition, reference, identity)
    signed = credentials.sign(file, media_type, definition, identity, parent=parent, reference=started)
    return signed_asset(signed, media_type, source_pixel_sha256=pixel_digest(pixels), code=code, mark=mark)


def _started(
    definition: Mapping[str, Any], file: bytes, identity: SigningIdentity
) -> tuple[dict[str, Any], credentials.Parent]:
    """A definition without its reference picture, and that picture as what the SDK opens and adds by itself."""
    items = definition["ingredients"]
    described = next((item for item in items if item["label"] == ingredients.REFERENCE), None)
    if described is None:
        raise ValueError("reference: the claim names no picture that the model started from")
    media_type, _ = _holding(file, identity, "reference")
    rest = [item for item in items if item is not described]
    return {**definition, "ingredients": rest}, credentials.Parent(file, media_type, described)


def _marked(image: Image.Image, claim: Claim, watermark: Watermark | None) -> tuple[Image.Image, str]:
    """The picture with its mark, and the mark's name; as it was, and an empty name, where there is none or no room."""
    if watermark is None:
        return image, ""
    payload = payload_of(claim.governance.record, watermark.capacity)
    before = image.tobytes()
    after = watermark.embed(before, image.width, image.height, payload)
    if after == before:
        return image, ""
    return to_image(after, image.width, image.height), mark_name(watermark.algorithm, payload)


def seal_strip(strip: bytes, claim: Claim, identity: SigningIdentity) -> bytes:
    """The signed file of a strip that shows how the claim's picture was made: moments of it, never the picture.

    `strip` is a PNG, JPEG or WebP file whose pixels go in as they are: too small for a label, they say what they are in
    the manifest alone. Raises SealError, UnreadableAssetError.
    """
    require_current(claim, identity)
    media_type = probe(strip)
    return credentials.sign(strip, media_type, manifest.creation(claim, media_type, fingerprint=""), identity)


def release(first: bytes, claim: Claim, identity: SigningIdentity) -> SignedAsset:
    """The released file: the first one under a second manifest whose parent it is.

    `source_pixel_sha256` of the result is the first file's pixel digest. Raises SealError when the first file does not
    carry an intact manifest of ours, or when a single decoded pixel would differ; UnreadableAssetError for no picture.
    """
    require_current(claim, identity)
    media_type = probe(first)
    mark = manifest.watermark_in(require_ours(first, media_type, identity).assertions)
    pixels = decode(first)
    code = fingerprint(pixels.data, pixels.width, pixels.height)
    composite = is_composite(first)
    definition = manifest.publication(claim, media_type, fingerprint=code, watermark=mark, composite=composite)
    parent = credentials.Parent(first, media_type, ingredients.parent(claim.title))
    signed = credentials.sign(first, media_type, definition, identity, parent=parent)
    asset = signed_asset(signed, media_type, source_pixel_sha256=pixels.sha256, code=code, mark=mark)
    if asset.pixel_sha256 != asset.source_pixel_sha256:
        raise SealError("release: signing changed the pixels, nothing may be published; report this with the file")
    return asset


def redact(
    file: bytes, claim: Claim, identity: SigningIdentity, *, labels: Sequence[str], reason: str = manifest.PERSONAL
) -> SignedAsset:
    """The same file without some assertions of its active manifest, under an update manifest that says so.

    Pixels and XMP stay as they are: what the XMP says as well has to go by a rendition, whose XMP is written anew.
    Raises SealError when the file is not an intact one of ours, has no such assertion, or it may not be redacted; and
    for WebP and AVIF, in which the SDK's update manifests do not hold.
    """
    require_current(claim, identity)
    media_type = probe(file)
    before = require_ours(file, media_type, identity)
    if missing := [label for label in labels if label not in before.assertions]:
        raise SealError(
            f"labels: {', '.join(missing)} is not in the file's manifest; choose among {sorted(before.assertions)}"
        )
    addresses = [manifest.assertion_address(before.manifest_id, label) for label in labels]
    definition = manifest.redaction(claim, media_type, addresses, reason=reason)
    parent = credentials.Parent(file, media_type, ingredients.parent(claim.title))
    signed = credentials.sign(file, media_type, definition, identity, parent=parent, update=True)
    after = credentials.read(signed, media_type, roots_pem=identity.anchors.all_pem)
    if after is None or after.state != "Trusted":
        raise SealError(f"redaction: the SDK makes no valid one in {media_type}; make a rendition in PNG or JPEG")
    pixels = decode(file)
    code = fingerprint(pixels.data, pixels.width, pixels.height)
    mark = manifest.watermark_in(before.assertions)
    return signed_asset(signed, media_type, source_pixel_sha256=pixels.sha256, code=code, mark=mark)


def require_ours(file: bytes, media_type: str, identity: SigningIdentity) -> credentials.Credential:
    """The credential of an intact file of ours; SealError for any other file, saying what was found."""
    before = credentials.read(file, media_type, roots_pem=identity.anchors.all_pem)
    if before is None or before.state != "Trusted":
        found = "no manifest" if before is None else f"{before.state}: {', '.join(before.failures) or 'foreign signer'}"
        raise SealError(f"first: it is not an intact file of ours ({found}); release what was sealed and approved")
    return before


def is_composite(file: bytes) -> bool:
    """Whether a file of ours says that it was made out of another picture."""
    said = xmp.read(xmp_packet(file)).get(f"{xmp.PREFIX}:DigitalSourceType")
    return said == manifest.COMPOSITE_WITH_TRAINED


def _edited(source: bytes, identity: SigningIdentity) -> credentials.Parent:
    """A source picture as a parent: signed by anybody or by nobody, but not with a credential that no longer holds."""
    media_type, found = _holding(source, identity, "source")
    title = found.title if found is not None and found.title else "Edited picture"
    return credentials.Parent(source, media_type, ingredients.parent(title))


def _holding(file: bytes, identity: SigningIdentity, name: str) -> tuple[str, credentials.Credential | None]:
    """The media type of a picture file and its credential, if it has one; SealError for one that does not hold."""
    media_type = probe(file)
    found = credentials.read(file, media_type, roots_pem=identity.anchors.all_pem)
    if found is not None and found.state not in {"Trusted", "Valid"}:
        raise SealError(
            f"{name}: its credential does not hold ({', '.join(found.failures)}); a picture that was altered after it"
            " was signed is not edited and signed again, find the original"
        )
    return media_type, found


def require_current(claim: Claim, identity: SigningIdentity) -> None:
    """SealError when the certificate has expired by the time of the claim."""
    if claim.when >= identity.expires:
        raise SealError(f"identity: its certificate expired at {identity.expires}; run `keys rotate`", permanent=False)


def signed_asset(signed: bytes, media_type: str, *, source_pixel_sha256: str, code: str, mark: str) -> SignedAsset:
    """What there is to say about a picture that was just signed."""
    store = jumbf.manifest_store(signed, media_type)
    if store is None:
        raise SealError("signature: the signed file holds no manifest store; the SDK and this library disagree")
    pixels = decode(signed)
    return SignedAsset(
        data=signed,
        media_type=media_type,
        sha256=sha256_hex(signed),
        pixel_sha256=pixels.sha256,
        source_pixel_sha256=source_pixel_sha256,
        manifest_id=jumbf.active_label(store),
        fingerprint=code,
        landmarks=landmarks(pixels.data, pixels.width, pixels.height),
        watermark=mark,
    )
