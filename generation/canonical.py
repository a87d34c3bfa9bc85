"""One way to write a JSON value down as bytes, so that equal values have equal digests.

The form is RFC 8785 (JSON Canonicalization Scheme). Whole numbers beyond 2**53 do not survive every JSON reader,
which is why seeds travel as strings.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import rfc8785

JSON: TypeAlias = bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"] | None


def canonical_bytes(value: JSON) -> bytes:
    """Return the RFC 8785 form of a JSON value, UTF-8."""
    return rfc8785.dumps(_plain(value))


def digest(value: JSON) -> str:
    """Return the SHA-256 of the canonical form, as lowercase hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _plain(value: JSON) -> "rfc8785._impl._Value":
    # rfc8785 knows dict, list and tuple only; read-only mappings are ordinary values to us.
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
