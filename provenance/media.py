"""Moving pictures and sound: MP4 and WAV files, signed by the same code as pictures, without decoding them.

- Nothing is labelled, watermarked or encoded again: what comes in is described (XMP) and signed.
- `content_digest` is over the samples as they are stored (MP4 `mdat`; WAV `fmt ` and `data`), so a copy whose metadata
  was stripped is still found by it. It takes the place of a picture's pixel digest in entries and evidence.
- Containers are parsed only that far, and every length is checked.

Sources: ISO 14496-12 (BMFF boxes), the RIFF form of WAV; XMP part 3 for where its packet goes in each.
"""

import hashlib
import re
from collections.abc import Iterator

from provenance import credentials, jumbf, manifest, xmp
from provenance.canonical import sha256_hex
from provenance.claims import Claim
from provenance.errors import SealError, UnreadableAssetError
from provenance.keys import SigningIdentity
from provenance.pictures import MOST_BYTES
from provenance.seal import SignedAsset, require_current

MP4, WAV = "video/mp4", "audio/wav"
_SIGNATURES = (
    (re.compile(rb"....ftyp(?!avif|avis|heic|mif1)", re.DOTALL), MP4),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), WAV),
)
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_SAMPLES = {MP4: frozenset({b"mdat"}), WAV: frozenset({b"fmt ", b"data"})}
_RIFF_LIMIT = 2**32 - 9


def guess(data: bytes) -> str | None:
    """The media type that a file announces and looks like, None for what is neither MP4 nor WAV.

    No signature covers the first box of an MP4 or an AVIF file, so its word alone is not enough: with another one
    there, a signed picture that no longer opens would pass for an intact film. A film has a `moov`, a picture none.
    """
    announced = next((media_type for pattern, media_type in _SIGNATURES if pattern.match(data)), None)
    if announced == MP4 and all(kind != b"moov" for kind, _ in jumbf.boxes(data)):
        return None
    return announced


def content_digest(data: bytes, media_type: str) -> str:
    """SHA-256 over the stored samples; UnreadableAssetError when there are none, or the file is beyond the limit."""
    if len(data) > MOST_BYTES:
        raise UnreadableAssetError(f"file: {len(data)} bytes; at most {MOST_BYTES} are read")
    digest, found = hashlib.sha256(), 0
    for kind, payload in _parts(data, media_type):
        if kind in _SAMPLES[media_type]:
            found += len(payload)
            digest.update(payload)
    if not found:
        raise UnreadableAssetError(f"file: no samples in it, though it begins like {media_type}")
    return digest.hexdigest()


def xmp_packet(data: bytes, media_type: str) -> bytes:
    """The XMP packet of a file, empty when there is none."""
    for kind, payload in _parts(data, media_type):
        if media_type == WAV and kind == b"_PMX":
            return payload
        if media_type == MP4 and kind == b"uuid" and payload[:16] == _XMP_UUID:
            return payload[16:]
    return b""


def seal_media(data: bytes, claim: Claim, identity: SigningIdentity) -> SignedAsset:
    """Describe and sign an MP4 or WAV file. `claim.label` must be "none": nothing is drawn into it.

    Raises UnreadableAssetError for another kind of file or one that carries a credential already, ValueError for a
    label, SealError when signing fails or the key has expired.
    """
    media_type = guess(data)
    if media_type is None:
        raise UnreadableAssetError("file: neither MP4 nor WAV")
    if claim.label != "none":
        raise ValueError(f"claim.label: {claim.label!r}; a label is not drawn into {media_type}, say none")
    require_current(claim, identity)
    content = content_digest(data, media_type)
    if jumbf.manifest_store(data, media_type) is not None:
        raise UnreadableAssetError("file: it carries a credential already; sign the file as the model made it")
    described = _with_xmp(data, media_type, xmp.packet(manifest.plain_fields(claim)))
    signed = credentials.sign(described, media_type, manifest.creation(claim, media_type, fingerprint=""), identity)
    store = jumbf.manifest_store(signed, media_type)
    if store is None or content_digest(signed, media_type) != content:
        raise SealError("signature: the signed file is not what was to be signed; report this with the file")
    label = jumbf.active_label(store)
    nothing = {"fingerprint": "", "landmarks": "", "watermark": ""}
    return SignedAsset(signed, media_type, sha256_hex(signed), content, content, label, **nothing)


def _parts(data: bytes, media_type: str) -> Iterator[tuple[bytes, bytes]]:
    """The top-level boxes or chunks, up to the first that does not fit."""
    if media_type == MP4:
        yield from jumbf.boxes(data)
        return
    offset = 12
    while offset + 8 <= len(data):
        kind, size = data[offset : offset + 4], int.from_bytes(data[offset + 4 : offset + 8], "little")
        if offset + 8 + size > len(data):
            return
        yield kind, data[offset + 8 : offset + 8 + size]
        offset += 8 + size + (size & 1)


def _with_xmp(data: bytes, media_type: str, packet: bytes) -> bytes:
    """The file with the packet at its end, where it moves no sample."""
    if xmp_packet(data, media_type):
        raise UnreadableAssetError("file: it holds XMP already; sign the file as the model made it")
    if media_type == MP4:
        return data + (24 + len(packet)).to_bytes(4, "big") + b"uuid" + _XMP_UUID + packet
    padded = data + bytes(len(data) & 1) + b"_PMX" + len(packet).to_bytes(4, "little") + packet + bytes(len(packet) & 1)
    if len(padded) > _RIFF_LIMIT:
        raise UnreadableAssetError("file: a WAV of more than four gigabytes")
    return padded[:4] + (len(padded) - 8).to_bytes(4, "little") + padded[8:]
