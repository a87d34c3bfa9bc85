"""Where a C2PA manifest store lies in a file, who signed its active manifest, and when.

It parses containers only as far as that needs, on bytes that may be hostile: every length is checked, nothing is
fetched, nothing is executed. It validates nothing; the SDK does.

Sources: C2PA 2.4 appendix A (PNG `caBX`, JPEG APP11, RIFF `C2PA`, BMFF `uuid`), ISO 19566-5 (JUMBF), RFC 9360.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import cbor2
from cryptography import x509

_COSE_SIGN1_TAG = 18
_X5CHAIN = 33
_TIME_STAMP = "sigTst2"
_PNG_HEADER = 8
_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
# An update manifest moves the store it updates to "original" and comes after it.
_PURPOSES = frozenset({b"manifest", b"original", b"update"})


@dataclass(frozen=True, slots=True)
class Box:
    """A JUMBF superbox: its label, and the payload after its description box."""

    label: str
    payload: bytes


def manifest_store(data: bytes, media_type: str) -> bytes | None:
    """The manifest store embedded in a file of a kind that `CONTAINERS` names, None when there is none to be found."""
    try:
        store = b"".join(CONTAINERS[media_type](data))
    except (struct.error, IndexError):
        return None
    return store or None


def active_label(store: bytes) -> str:
    """The label of the last manifest in a store, which is the active one; ValueError when there is none."""
    return _manifests(store)[-1].label


def active_manifest(store: bytes) -> bytes:
    """A store that holds the active manifest alone, without those it was made from; ValueError when there is none."""
    for kind, payload in boxes(store):
        inner = list(boxes(payload)) if kind == b"jumb" else []
        if len(inner) > 1 and inner[-1][0] == b"jumb":
            return _box(b"jumb", _box(*inner[0]) + _box(*inner[-1]))
    raise ValueError("manifest store: it holds no manifest")


@dataclass(frozen=True, slots=True)
class Signature:
    """The active manifest's signature: the signer's certificates, leaf first, its time-stamp token, if it has one, and
    the bytes that the token must be about (C2PA 2.4, section 10.3.2.5: the signature as a countersigned structure)."""

    chain: tuple[x509.Certificate, ...]
    token: bytes | None
    stamped: bytes


def signature(store: bytes) -> Signature:
    """The signature of the active manifest in a store; ValueError when it cannot be read."""
    signatures = [box for box in _superboxes(_manifests(store)[-1].payload) if box.label == "c2pa.signature"]
    if len(signatures) != 1:
        raise ValueError(f"manifest: it has {len(signatures)} signature boxes, not one")
    content = next((payload for kind, payload in boxes(signatures[0].payload) if kind == b"cbor"), b"")
    try:
        sign1 = cbor2.loads(content)
        if isinstance(sign1, cbor2.CBORTag) and sign1.tag == _COSE_SIGN1_TAG:
            sign1 = sign1.value
        protected, unprotected = cbor2.loads(sign1[0]), dict(sign1[1])
        stamped = cbor2.dumps(["CounterSignature", sign1[0], b"", cbor2.dumps(sign1[3])])
    except (cbor2.CBORDecodeError, TypeError, IndexError, ValueError) as error:
        raise ValueError("manifest: its signature is not COSE") from error
    chain = tuple(x509.load_der_x509_certificate(der) for der in _x5chain(protected, unprotected))
    return Signature(chain, _token(unprotected), stamped)


def _manifests(store: bytes) -> list[Box]:
    found = [manifest for outer in _superboxes(store) for manifest in _superboxes(outer.payload)]
    if not found:
        raise ValueError("manifest store: it holds no manifest")
    return found


def _x5chain(protected: Any, unprotected: Any) -> list[bytes]:
    if _X5CHAIN in protected and _X5CHAIN in unprotected:
        # The second one is not covered by the signature: somebody wants to be taken for somebody else.
        raise ValueError("manifest: its signature names two chains of certificates")
    chain = protected.get(_X5CHAIN, unprotected.get(_X5CHAIN, []))
    return [chain] if isinstance(chain, bytes) else list(chain)


def _token(unprotected: Any) -> bytes | None:
    """The one time-stamp token; what is malformed or more than one is as good as none."""
    try:
        (only,) = unprotected[_TIME_STAMP]["tstTokens"]
        token = only["val"]
    except (KeyError, TypeError, ValueError):
        return None
    return token if isinstance(token, bytes) else None


def _superboxes(data: bytes) -> Iterator[Box]:
    for kind, payload in boxes(data):
        if kind != b"jumb":
            continue
        size = struct.unpack_from(">I", payload)[0] if len(payload) >= 4 else 0
        description, rest = payload[8:size], payload[size:]
        label = description[17:].split(b"\x00", 1)[0].decode("utf-8", "replace")
        yield Box(label, rest)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The type and payload of each box at the top level of BMFF or JUMBF bytes, up to the first that does not fit."""
    offset = 0
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        header = 8
        if size == 1 and offset + 16 <= len(data):
            size, header = struct.unpack_from(">Q", data, offset + 8)[0], 16
        size = size or len(data) - offset
        if size < header or offset + size > len(data):
            return
        yield kind, data[offset + header : offset + size]
        offset += size


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def _png_chunks(data: bytes) -> Iterator[bytes]:
    offset = _PNG_HEADER
    while offset + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, offset)
        if kind == b"caBX":
            yield data[offset + 8 : offset + 8 + size]
        offset += 12 + size


def _riff_chunks(data: bytes) -> Iterator[bytes]:
    offset = 12
    while offset + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, offset)
        if kind == b"C2PA":
            yield data[offset + 8 : offset + 8 + size]
        offset += 8 + size + (size & 1)


def _jpeg_boxes(data: bytes) -> Iterator[bytes]:
    """APP11 segments: each repeats the box header, so it is kept from the first one alone."""
    offset, first = 2, True
    while offset + 4 <= len(data) and data[offset] == 0xFF and data[offset + 1] not in (0xDA, 0xD9):
        marker, size = data[offset + 1], struct.unpack_from(">H", data, offset + 2)[0]
        body = data[offset + 4 : offset + 2 + size]
        if marker == 0xEB and body[:2] == b"JP" and body[12:16] == b"jumb":
            yield body[8:] if first else body[16:]
            first = False
        offset += 2 + size


def _bmff_boxes(data: bytes) -> Iterator[bytes]:
    """The `uuid` box of C2PA: its identifier, version and flags, a purpose, an offset for Merkle boxes, the store."""
    for kind, payload in boxes(data):
        purpose, _, rest = payload[20:].partition(b"\x00")
        if kind == b"uuid" and payload[:16] == _C2PA_UUID and purpose in _PURPOSES:
            yield rest[8:]


CONTAINERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = MappingProxyType(
    {
        "image/png": _png_chunks,
        "image/jpeg": _jpeg_boxes,
        "image/webp": _riff_chunks,
        "audio/wav": _riff_chunks,
        "image/avif": _bmff_boxes,
        "video/mp4": _bmff_boxes,
    }
)
