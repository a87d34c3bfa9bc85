"""What the sealing process holds: the claim signer and the checkpoint key.

- `sign` is a callback, so that a key may live in a token or a KMS instead of in this process.
- Loading refuses a key that others can read, one that does not belong to its certificate, and a certificate that has
  expired, was revoked, is for another purpose or does not lead to the root: nothing is signed that checks would refuse.
- A private key is never part of a repr, an exception or a log line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.canonical import rfc3339
from provenance.errors import KeyFileError
from provenance.keys import files, notes, revocation
from provenance.keys.chains import key_id, organisation, trusted_root
from provenance.keys.places import NO_RESOLVERS, Resolver, open_private_key, resolve
from provenance.keys.revocation import revocation_in
from provenance.keys.signing import Algorithm, algorithm_of
from provenance.keys.trust import Anchors, TrustStore


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """The organisation as a claim signer. `chain_pem` is leaf then intermediates; `anchors` are what it trusts itself.

    With a `timestamp_url` every signature gets an RFC 3161 time-stamp, and one that does not end in the anchors' roots
    for time-stamps is refused.
    """

    chain_pem: bytes = field(repr=False)
    anchors: Anchors = field(repr=False)
    expires: datetime
    key_id: str
    organisation: str
    timestamp_url: str | None
    algorithm: Algorithm
    _sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @classmethod
    def load(
        cls,
        directory: Path,
        *,
        passphrase: bytes,
        timestamp_url: str | None = None,
        time_roots_pem: bytes = b"",
        resolvers: Mapping[str, Resolver] = NO_RESOLVERS,
    ) -> "SigningIdentity":
        """Read the leaf and find its key; KeyFileError names the file and what to do about it.

        `timestamp_url` is an RFC 3161 authority that is asked for every signature; None leaves time-stamps out. Its
        root is a `time-root….pem` of the directory, or in `time_roots_pem`. `resolvers` are for keys at key services.
        Expiry is judged by this machine's clock, because it is this machine that is about to sign.
        """
        trust = TrustStore.load(directory).anchors
        anchors = replace(trust, time_roots_pem=trust.time_roots_pem + time_roots_pem)
        path = directory / files.CHAIN
        chain = files.read_public(path)
        leaf = _require_usable(path, chain, anchors)
        if timestamp_url and not anchors.time_roots_pem:
            raise KeyFileError(
                f"{directory}: nothing says whose time-stamps count; put the root certificate of {timestamp_url} there"
                f" as time-root-….pem"
            )
        uri = key_uri(directory, key_id(leaf))
        key = resolve(uri, directory=directory, passphrase=passphrase, resolvers=resolvers)
        if key.public != leaf.public_key():
            raise KeyFileError(f"{uri}: the key does not belong to {files.CHAIN}; restore both, or run `keys rotate`")
        return cls.from_callback(key.sign, chain_pem=chain, anchors=anchors, timestamp_url=timestamp_url)

    @classmethod
    def from_callback(
        cls, sign: Callable[[bytes], bytes], *, chain_pem: bytes, anchors: Anchors, timestamp_url: str | None = None
    ) -> "SigningIdentity":
        """An identity whose key is anywhere: `sign` gives a signature in COSE's form for the leaf's kind of key."""
        leaf = x509.load_pem_x509_certificates(chain_pem)[0]
        return cls(
            chain_pem=chain_pem,
            anchors=anchors,
            expires=leaf.not_valid_after_utc,
            key_id=key_id(leaf),
            organisation=organisation(leaf),
            timestamp_url=timestamp_url,
            algorithm=algorithm_of(leaf.public_key()),
            _sign=sign,
        )

    def sign(self, data: bytes) -> bytes:
        """A signature over the data in COSE's form, by the identity's algorithm."""
        return self._sign(data)


def key_uri(directory: Path, identifier: str) -> str:
    """Where the key of a leaf is: what its `.uri` file says, else the file beside the chain."""
    path = directory / files.leaf_uri(identifier)
    return path.read_text(encoding="utf-8").strip() if path.exists() else f"file:{files.leaf_key(identifier)}"


def _require_usable(path: Path, chain: bytes, anchors: Anchors) -> x509.Certificate:
    """The leaf of a chain that may sign now; KeyFileError says why it may not."""
    certificates = x509.load_pem_x509_certificates(chain)
    leaf, now = certificates[0], datetime.now(UTC)
    if leaf.not_valid_after_utc <= now:
        raise KeyFileError(f"{path}: expired at {rfc3339(leaf.not_valid_after_utc)}; run `keys rotate`")
    if leaf.not_valid_before_utc > now:
        raise KeyFileError(f"{path}: not valid before {rfc3339(leaf.not_valid_before_utc)}; check this machine's clock")
    root = trusted_root(certificates, x509.load_pem_x509_certificates(anchors.roots_pem))
    if root is None:
        raise KeyFileError(
            f"{path}: it does not lead from a claim signer to {files.ROOT_CERTIFICATE}; an intermediate is missing, or"
            " the leaf is for another purpose; see `keys status`"
        )
    revoked = revocation_in((*certificates, root), revocation.load(anchors.revoked_pem))
    if revoked is not None:
        raise KeyFileError(f"{path}: revoked as of {rfc3339(revoked.since)} ({revoked.why}); run `keys rotate`")
    return leaf


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
