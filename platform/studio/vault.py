"""Encryption at rest for what must stay secret or be erasable: prompts, and pictures that nobody may see yet.

AES-256-GCM, key wrapping in two steps: `VAULT_KEY` (a setting) wraps one random key per subject, the subject's key
seals the data. Destroying a subject's key is therefore the erasure of everything sealed under it, wherever copies of
it lie, as long as no copy of the key lies beside them: backups of the keys' table are to be kept apart, and shorter.
It is not a key manager: whoever holds the database *and* `VAULT_KEY` can read all of it.

Sealed bytes = 12 bytes nonce, then ciphertext with its 16 bytes tag. `purpose` is authenticated, so that sealed
bytes moved to another row or file do not open there.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


class SealBrokenError(Exception):
    """Sealed bytes that do not open: another subject's key, another purpose, or altered bytes."""


class VaultKeyError(Exception):
    """A subject key that does not unwrap: `VAULT_KEY` is not the one it was made under."""


def _seal(key: bytes, data: bytes, purpose: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, purpose.encode())


def _open(key: bytes, sealed: bytes, purpose: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except InvalidTag as error:
        raise SealBrokenError(f"{purpose}: the sealed bytes do not open; was VAULT_KEY or the data changed?") from error


def _master() -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"imprimatur vault v1").derive(settings.VAULT_KEY.encode())


def new_key() -> bytes:
    """A fresh subject key, wrapped under `VAULT_KEY`: store it; it is useless without the setting."""
    return _seal(_master(), AESGCM.generate_key(256), "subject-key")


def _unwrap(key: bytes) -> bytes:
    try:
        return _open(_master(), key, "subject-key")
    except SealBrokenError as error:
        raise VaultKeyError("VAULT_KEY does not open the stored keys; set the one they were made under.") from error


def seal(data: bytes, *, key: bytes, purpose: str) -> bytes:
    """Encrypt `data` under the wrapped subject key `key` for `purpose`. Raises VaultKeyError."""
    return _seal(_unwrap(key), data, purpose)


def unseal(sealed: bytes, *, key: bytes, purpose: str) -> bytes:
    """The data sealed by `seal`. Raises SealBrokenError, VaultKeyError."""
    return _open(_unwrap(key), sealed, purpose)


def seal_text(text: str, *, purpose: str) -> str:
    """A short secret of the installation's own, under `VAULT_KEY` alone: hex. No subject's erasure reaches it."""
    return _seal(_master(), text.encode(), purpose).hex()


def unseal_text(sealed: str, *, purpose: str) -> str:
    """The text sealed by `seal_text`. Raises SealBrokenError."""
    return _open(_master(), bytes.fromhex(sealed), purpose).decode()
