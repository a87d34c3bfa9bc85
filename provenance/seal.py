"""Sealing: visible label, watermark, XMP, and the C2PA signature last, because nothing may be written after it.

- `seal` makes the first file of a picture from its pixels; `release` adds the second manifest, which opens the first.
- Release never touches pixels: what was approved is what is published, and it is checked, not assumed.
- Signing is not deterministic (ECDSA, fresh identifiers): store the result before recording it.
"""

from dataclasses import dataclass

from provenance import credentials, jumbf, manifest, xmp
from provenance.canonical import sha256_hex
from provenance.claims import Claim
from provenance.errors import SealError
from provenance.fingerprint import fingerprint
from provenance.keys import SigningIdentity
from provenance.labels import draw_label
from provenance.landmarks import landmarks
from provenance.pictures import decode, encode, pixel_digest, probe, to_image
from provenance.watermark import Watermark


@dataclass(frozen=True, slots=True)
class SignedAsset:
    """A signed file. `pixel_sha256` is of its decoded pixels, `source_pixel_sha256` of the pixels before the
    label; `fingerprint` is an ISCC of what is to be seen, and `landmarks` are places in it, both empty for a plain
    surface."""

    data: bytes
    media_type: str
    sha256: str
    pixel_sha256: str
    source_pixel_sha256: str
    manifest_id: str
    fingerprint: str
    landmarks: str


def seal(
    pixels: bytes,
    width: int,
    height: int,
    claim: Claim,
    identity: SigningIdentity,
    *,
    media_type: str = "image/png",
    watermark: Watermark | None = None,
) -> SignedAsset:
    """Label and sign RGB8 pixels as a PNG, JPEG or WebP file.

    Raises ValueError for pixels that do not fit their size, SealError when signing fails or the key has expired.
    """
    _require_current(claim, identity)
    image = draw_label(to_image(pixels, width, height), claim.label)
    if watermark is not None:
        marked = watermark.embed(
            image.tobytes(), width, height, bytes.fromhex(claim.governance.entry_id.replace("-", ""))
        )
        image = to_image(marked, width, height)
    file = encode(image, media_type, xmp=xmp.packet(manifest.iptc_fields(claim)))
    code = fingerprint(image.tobytes(), width, height)
    signed = credentials.sign(file, media_type, manifest.creation(claim, media_type, fingerprint=code), identity)
    return _asset(signed, media_type, source_pixel_sha256=pixel_digest(pixels), code=code)


def release(first: bytes, claim: Claim, identity: SigningIdentity) -> SignedAsset:
    """The released file: the first one under a second manifest whose parent it is.

    `source_pixel_sha256` of the result is the first file's pixel digest. Raises SealError when the first file does not
    carry an intact manifest of ours, or when a single decoded pixel would differ; UnreadableAssetError for no picture.
    """
    _require_current(claim, identity)
    media_type = probe(first)
    before = credentials.read(first, media_type, roots_pem=identity.roots_pem)
    if before is None or before.state != "Trusted":
        found = "no manifest" if before is None else f"{before.state}: {', '.join(before.failures) or 'foreign signer'}"
        raise SealError(f"first: it is not an intact file of ours ({found}); release what was sealed and approved")
    parent = credentials.Parent(first, manifest.parent_ingredient(claim))
    pixels = decode(first)
    code = fingerprint(pixels.data, pixels.width, pixels.height)
    definition = manifest.publication(claim, media_type, fingerprint=code)
    signed = credentials.sign(first, media_type, definition, identity, parent=parent)
    asset = _asset(signed, media_type, source_pixel_sha256=pixels.sha256, code=code)
    if asset.pixel_sha256 != asset.source_pixel_sha256:
        raise SealError("release: signing changed the pixels, nothing may be published; report this with the file")
    return asset


def _require_current(claim: Claim, identity: SigningIdentity) -> None:
    if claim.when >= identity.expires:
        raise SealError(f"identity: its certificate expired at {identity.expires}; run `keys renew`", permanent=False)


def _asset(signed: bytes, media_type: str, *, source_pixel_sha256: str, code: str) -> SignedAsset:
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
    )
