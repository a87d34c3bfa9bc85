"""Canonical JSON (RFC 8785), digests and times: the few spellings on which every proof depends.

- `Json` is what may cross between the libraries: plain JSON values.
- Digests are lowercase hexadecimal `str`, 64 characters for SHA-256.
- Times are aware, in UTC, written as RFC 3339 with a `Z`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import rfc8785

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

_SHA256 = re.compile(r"[0-9a-f]{64}")


def canonical_json(value: Mapping[str, Json]) -> bytes:
    """The one byte string of a JSON object under RFC 8785.

    Raises ValueError for what JSON cannot carry exactly: an integer of 2**53 or more (write a seed as a string),
    a NaN, or a value that is not JSON at all.
    """
    try:
        return rfc8785.dumps(_plain(value))
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"value: {error}; large integers and special numbers must be written as strings") from error


def parse_canonical(data: bytes) -> dict[str, Any]:
    """The object behind canonical bytes; ValueError when the bytes are not exactly their own canonical form."""
    value = json.loads(data)
    if not isinstance(value, dict) or canonical_json(value) != data:
        raise ValueError("entry: the bytes are not canonical JSON (RFC 8785); build them with canonical_entry()")
    return value


def sha256_hex(data: bytes) -> str:
    """SHA-256 of the bytes in lowercase hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def require_sha256(field: str, value: str) -> None:
    """ValueError that names the field unless the value is a lowercase hexadecimal SHA-256."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{field}: {value!r} is no SHA-256; pass 64 characters of 0-9 and a-f")


def rfc3339(moment: datetime, *, timespec: str = "seconds") -> str:
    """`2026-01-31T12:00:00Z`; ValueError for a datetime without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("datetime: it has no time zone; pass an aware one, for example datetime.now(UTC)")
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Mappings and sequences of any kind as the dict and list that the serialiser knows."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
