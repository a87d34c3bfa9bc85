"""What the sealing process holds: the claim signer and the checkpoint key.

- `sign` is a callback, so that a key may live in a token or a KMS instead of in this process.
- Loading refuses a key that others can read, one that has expired, and one that does not belong to its certificate.
- A private key is never part of a repr, an exception or a log line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.canonical import rfc3339
from provenance.errors import KeyFileError
from provenance.keys import files, notes
from provenance.keys.chains import organisation

_COORDINATE = 32  # bytes of a P-256 coordinate


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """The organisation as a claim signer (ES256). `chain_pem` is leaf then intermediate, `roots_pem` the anchor."""

    chain_pem: bytes = field(repr=False)
    roots_pem: bytes = field(repr=False)
    expires: datetime
    key_id: str
    organisation: str
    timestamp_url: str | None
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @classmethod
    def load(cls, directory: Path, *, passphrase: bytes, timestamp_url: str | None = None) -> "SigningIdentity":
        """Read the leaf and its key; KeyFileError names the file and what to do about it.

        `timestamp_url` is an RFC 3161 authority that is asked for every signature; None leaves time-stamps out.
        Expiry is judged by this machine's clock, because it is this machine that is about to sign.
        """
        path = directory / files.LEAF_KEY
        key = open_private_key(path, passphrase)
        chain = files.read_public(directory / files.CHAIN)
        leaf = x509.load_pem_x509_certificates(chain)[0]
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != leaf.public_key():
            raise KeyFileError(f"{path}: the key does not belong to {files.CHAIN}; restore both, or run `keys renew`")
        if leaf.not_valid_after_utc <= datetime.now(UTC):
            raise KeyFileError(
                f"{directory / files.CHAIN}: expired at {rfc3339(leaf.not_valid_after_utc)}; run `keys renew`"
            )
        roots = b"".join(files.read_public(path) for path in files.roots(directory))
        return cls.from_callback(_es256(key), chain_pem=chain, roots_pem=roots, timestamp_url=timestamp_url)

    @classmethod
    def from_callback(
        cls, sign: Callable[[bytes], bytes], *, chain_pem: bytes, roots_pem: bytes, timestamp_url: str | None = None
    ) -> "SigningIdentity":
        """An identity whose key is elsewhere, in a token or a KMS: `sign` gives 64 bytes of ES256 for some data."""
        leaf = x509.load_pem_x509_certificates(chain_pem)[0]
        return cls(
            chain_pem=chain_pem,
            roots_pem=roots_pem,
            expires=leaf.not_valid_after_utc,
            key_id=leaf.fingerprint(hashes.SHA256()).hex(),
            organisation=organisation(leaf),
            timestamp_url=timestamp_url,
            _sign=sign,
        )

    def sign(self, data: bytes) -> bytes:
        """ES256 over the data: 64 bytes, r then s (RFC 9053, section 2.1)."""
        return self._sign(data)


@dataclass(frozen=True, slots=True)
class CheckpointKey:
    """The Ed25519 key that signs the ledger's checkpoints; it is not the picture key. `vkey` is its public form."""

    name: str
    vkey: str
    _private: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def load(cls, directory: Path, *, passphrase: bytes) -> "CheckpointKey":
        """Read the checkpoint key; KeyFileError when it is unprotected or is not the one of the verifier key file."""
        path = directory / files.CHECKPOINT_KEY
        private = open_private_key(path, passphrase)
        vkey = notes.VerifierKey.parse(files.read_public(directory / files.CHECKPOINT_VKEY).decode())
        if not isinstance(private, Ed25519PrivateKey) or private.public_key().public_bytes_raw() != vkey.public:
            raise KeyFileError(f"{path}: it does not belong to {files.CHECKPOINT_VKEY}; restore both from one backup")
        return cls(vkey.name, str(vkey), private)

    def sign_note(self, text: str) -> str:
        """The signed note of a text that ends in a newline."""
        return notes.sign_note(text, self.name, self._private)


def open_private_key(path: Path, passphrase: bytes) -> object:
    """The private key in a protected, encrypted PEM file; KeyFileError names the file and what to do."""
    data = files.read_private(path)
    try:
        return serialization.load_pem_private_key(data, passphrase)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path}: the passphrase does not open it; check TRUST_PASSPHRASE") from error


def _es256(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    def sign(data: bytes) -> bytes:
        r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")

    return sign
