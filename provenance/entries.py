"""Ledger entries as canonical bytes: one per terminal transition and one per decision.

- The bytes are RFC 8785 JSON; what is hashed is exactly what is stored.
- An entry's id is known before the entry is written (uuid5 of the log, the kind and the row that caused it), so a
  crash between signing and recording repeats the same entry instead of making a second one.
- Entries hold digests, decisions and salted commitments, never prompts and never names of people.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from provenance.canonical import Json, canonical_json, parse_canonical, require_sha256, rfc3339

VERSION = 1
_FIELDS = frozenset({"v", "log", "id", "kind", "at", "record", "asset", "body"})
_ASSET_FIELDS = frozenset({"sha256", "pixel_sha256", "media_type"})
_OPTIONAL_ASSET_FIELDS = frozenset({"fingerprint", "landmarks", "watermark"})
_FINGERPRINT = re.compile(r"(ISCC:EED[A-Z2-7]{52})?")
_WATERMARK = re.compile(r"([a-z0-9.-]{1,80}:([0-9a-f]{2}){4,32})?")
_LANDMARK_BYTES, _MOST_LANDMARK_BYTES = 10, 240
_COMMITMENT_DOMAIN = b"imprimatur/commitment/v1\x00"
_SHORTEST_SALT = 16


class EntryKind(StrEnum):
    """What an entry records.

    `block` is a request that a policy or a person refused, `closure` one that ended otherwise (failed, lost,
    cancelled); `decision` is a person's, about a held request or a picture, whatever its outcome; `rendition` is a
    further file of a released picture. `model` is a custodian's, that weights may be used, or no longer: with their
    digest, licence, parent and data. `reference` is a picture that an organisation protects, by a salted commitment.
    `report` is a selection of the log that an auditor took out, with the digest of the file.
    `access` is what the operator of an installation did from outside of the organisation's roles.
    """

    PICTURE = "picture"
    BLOCK = "block"
    CLOSURE = "closure"
    DECISION = "decision"
    RELEASE = "release"
    RENDITION = "rendition"
    WITHDRAWAL = "withdrawal"
    POLICY = "policy"
    MODEL = "model"
    KEY = "key"
    ERASURE = "erasure"
    EXPORT = "export"
    REFERENCE = "reference"
    REPORT = "report"
    ACCESS = "access"


def canonical_entry(
    *,
    log: str,
    entry_id: UUID,
    kind: EntryKind,
    at: datetime,
    record: str | None,
    asset: Mapping[str, str] | None,
    body: Mapping[str, Json],
) -> bytes:
    """The canonical bytes of an entry; ValueError names the field that cannot be recorded.

    `record` is the picture's `urn:uuid:…`, `asset` has `sha256`, `pixel_sha256`, `media_type` and, to be found again
    without its credential, `fingerprint` and `landmarks` (by its looks) and `watermark` (`algorithm:payload`). Integers
    of 2**53 and more are refused by the canonical form, so seeds are strings.
    """
    entry: dict[str, Json] = {
        "v": VERSION,
        "log": log,
        "id": str(entry_id),
        "kind": EntryKind(kind).value,
        "at": rfc3339(at, timespec="microseconds"),
        "record": record,
        "asset": dict(asset) if asset is not None else None,
        "body": body,
    }
    _require_valid(entry)
    data = canonical_json(entry)
    # What is written must be readable by the same rules: a float of 2**53 prints as an integer that is refused later.
    parse_canonical(data)
    return data


def parse_entry(data: bytes) -> dict[str, Any]:
    """The fields of an entry; ValueError unless the bytes are what `canonical_entry` writes."""
    entry = parse_canonical(data)
    if set(entry) != _FIELDS:
        raise ValueError(f"entry: fields {sorted(set(entry) ^ _FIELDS)} are missing or unknown")
    _require_valid(entry)
    return entry


def entry_id(log: str, kind: EntryKind, row: str) -> UUID:
    """The id of the entry that a row causes in a log: uuid5, so the same cause always has the same id."""
    return uuid5(uuid5(NAMESPACE_URL, f"urn:imprimatur:log:{log}"), f"{EntryKind(kind).value}:{row}")


def commitment(text: str, salt: bytes) -> str:
    """A salted, domain-separated SHA-256 of a text: proves the text later, reveals nothing once the salt is destroyed.

    The lengths are part of what is hashed, so salt and text cannot be shifted against each other. ValueError for a
    salt under 16 bytes, which could be guessed together with a short prompt.
    """
    if len(salt) < _SHORTEST_SALT:
        raise ValueError(f"salt: {len(salt)} bytes; at least {_SHORTEST_SALT} random bytes are needed")
    encoded = text.encode("utf-8")
    sizes = len(salt).to_bytes(8, "big") + len(encoded).to_bytes(8, "big")
    return hashlib.sha256(_COMMITMENT_DOMAIN + sizes + salt + encoded).hexdigest()


def _require_valid(entry: Mapping[str, Any]) -> None:
    if entry["v"] != VERSION:
        raise ValueError(f"v: {entry['v']!r} is not the version {VERSION} this library writes")
    if not isinstance(entry["log"], str) or not entry["log"] or any(mark in entry["log"] for mark in "\n+ "):
        raise ValueError(f"log: {entry['log']!r} must be a name without spaces, plus signs and newlines")
    if str(UUID(entry["id"])) != entry["id"]:
        raise ValueError(f"id: {entry['id']!r} is not a UUID in its usual form")
    if entry["record"] is not None and not str(entry["record"]).startswith("urn:uuid:"):
        raise ValueError(f"record: {entry['record']!r} must be the picture's urn:uuid:… or null")
    if not isinstance(entry["body"], Mapping):
        raise ValueError("body: an object is needed, possibly an empty one")
    EntryKind(entry["kind"])
    datetime.fromisoformat(entry["at"])
    if entry["asset"] is not None:
        _require_asset(entry["asset"])


def _require_asset(asset: Mapping[str, Any]) -> None:
    if set(asset) - _OPTIONAL_ASSET_FIELDS != _ASSET_FIELDS:
        raise ValueError(f"asset: exactly the fields {sorted(_ASSET_FIELDS)} are needed, not {sorted(asset)}")
    require_sha256("asset.sha256", asset["sha256"])
    require_sha256("asset.pixel_sha256", asset["pixel_sha256"])
    if not _FINGERPRINT.fullmatch(asset.get("fingerprint", "")):
        raise ValueError(f"asset.fingerprint: {asset['fingerprint']!r} is no ISCC Image-Code of 256 bits, nor empty")
    if not _are_landmarks(asset.get("landmarks", "")):
        raise ValueError(f"asset.landmarks: {asset['landmarks']!r} is no set of at most 24 landmarks in base64")
    if not _WATERMARK.fullmatch(asset.get("watermark", "")):
        raise ValueError(f"asset.watermark: {asset['watermark']!r} is not algorithm:payload in hexadecimal, nor empty")


def _are_landmarks(packed: str) -> bool:
    try:
        raw = base64.b64decode(packed, validate=True)
    except ValueError:
        return False
    return len(raw) <= _MOST_LANDMARK_BYTES and len(raw) % _LANDMARK_BYTES == 0
