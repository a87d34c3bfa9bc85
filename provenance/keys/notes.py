"""Signed notes (C2SP signed-note), the envelope of a checkpoint: a text, a blank line, Ed25519 signatures.

It is pure: keys and texts come in, strings come out. A verifier key ("vkey") is `<name>+<key id>+<base64>`.

Source: C2SP signed-note.md and tlog-checkpoint.md.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_KEY_NAME = re.compile(r"[^\s+]+")
_DASH = "\u2014"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a note's key. `key_id` is four bytes in hexadecimal."""

    name: str
    key_id: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> "VerifierKey":
        """Read a vkey; ValueError when it is malformed or its key id does not belong to it."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:
            raise ValueError("vkey: expected <name>+<key id>+<base64 key>")
        data = _decode(parts[2])
        key = cls(parts[0], parts[1], data[1:])
        if data[:1] != _ED25519 or len(key.public) != 32 or key_id(key.name, key.public) != key.key_id:
            raise ValueError(f"vkey {key.name}: not an Ed25519 key, or its key id belongs to another key")
        return key

    @property
    def identifier(self) -> str:
        """`<name>+<key id>`, unique also after a rotation that keeps the name."""
        return f"{self.name}+{self.key_id}"

    def __str__(self) -> str:
        return f"{self.identifier}+{base64.b64encode(_ED25519 + self.public).decode()}"


def verifier_key(name: str, public: bytes) -> VerifierKey:
    """The vkey of a 32-byte Ed25519 public key; ValueError for a name with white space or a plus sign."""
    if not _KEY_NAME.fullmatch(name):
        raise ValueError(f"name: {name!r} must be non-empty, without white space and without '+'")
    return VerifierKey(name, key_id(name, public), public)


def key_id(name: str, public: bytes) -> str:
    """First four bytes of SHA-256(name, newline, 0x01, key), in hexadecimal."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4].hex()


def sign_note(text: str, name: str, private: Ed25519PrivateKey) -> str:
    """The signed note of a text; ValueError unless the text ends in a newline."""
    if not text.endswith("\n") or "\n\n" in text:
        raise ValueError("text: a note ends in a newline and holds no blank line")
    identifier = bytes.fromhex(key_id(name, private.public_key().public_bytes_raw()))
    signature = base64.b64encode(identifier + private.sign(text.encode())).decode()
    return f"{text}\n{_DASH} {name} {signature}\n"


def open_note(note: str, keys: tuple[VerifierKey, ...]) -> tuple[str, VerifierKey] | None:
    """The text of a note and the key that signed it, or None if no given key did.

    A signature by a known key that does not hold makes the whole note invalid, as the specification demands.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator:
        return None
    text += "\n"
    found = None
    for line in signatures.splitlines():
        key, signature = _match(line, keys)
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
        except InvalidSignature:
            return None
        found = found or key
    return (text, found) if found else None


def _match(line: str, keys: tuple[VerifierKey, ...]) -> tuple[VerifierKey | None, bytes]:
    prefix, _, encoded = line.rpartition(" ")
    try:
        data = _decode(encoded)
    except ValueError:
        return None, b""
    for key in keys:
        if prefix == f"{_DASH} {key.name}" and data[:4].hex() == key.key_id:
            return key, data[4:]
    return None, b""


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("base64: the encoded part is damaged") from error
