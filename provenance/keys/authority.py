"""One command makes an organisation's keys: root, intermediate, claim signer, and the checkpoint key.

It is not a certificate authority for others: under the root it issues one kind of leaf, for claims, one at a time.
- Every private key is encrypted (PKCS #8) and readable by its owner alone.
- The keys of root and intermediate go to a directory of their own, under a passphrase of their own: they are needed
  to rotate and to revoke, never to sign, and belong on a medium without a network.
- A root made here is on no public trust list; whoever checks must be given `root.pem`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.canonical import rfc3339
from provenance.errors import KeyFileError
from provenance.keys import files, issuing
from provenance.keys.chains import key_id
from provenance.keys.notes import verifier_key
from provenance.keys.places import open_private_key

SHORTEST_PASSPHRASE = 12


@dataclass(frozen=True, slots=True)
class Offline:
    """Where the keys of root and intermediate are, and what opens them."""

    directory: Path
    passphrase: bytes

    def intermediate(self, online: Path) -> issuing.Issuer:
        """The intermediate as an issuer. KeyFileError when its key is not there or not that of its certificate."""
        return self._issuer(files.INTERMEDIATE_KEY, online / files.INTERMEDIATE_CERTIFICATE)

    def root(self, online: Path) -> issuing.Issuer:
        """The root as an issuer. KeyFileError when its key is not there or not that of its certificate."""
        return self._issuer(files.ROOT_KEY, online / files.ROOT_CERTIFICATE)

    def _issuer(self, name: str, certificate_path: Path) -> issuing.Issuer:
        certificate = x509.load_pem_x509_certificate(files.read_public(certificate_path))
        key = open_private_key(self.directory / name, self.passphrase)
        if not isinstance(key, issuing.Key) or key.public_key() != certificate.public_key():
            raise KeyFileError(f"{self.directory / name}: it does not belong to {certificate_path}; restore both")
        return issuing.Issuer(key, certificate)


def create_authority(
    directory: Path,
    *,
    organisation: str,
    passphrase: bytes,
    now: datetime,
    checkpoint_name: str | None = None,
    offline: Offline | None = None,
) -> None:
    """Write a complete new authority into `directory`, which must not exist yet.

    `checkpoint_name` is the key name in signed checkpoints, by default the organisation's name with dashes for what a
    name may not hold; giving it the log's origin is what C2SP recommends. The leaf lasts 365 days (C2PA allows 366).
    `offline` is a directory that must not exist either; without one, the keys of root and intermediate go into the
    folder `offline/` of the first, under the same passphrase, to be moved away.
    Raises KeyFileError if a directory exists, ValueError for an empty name or a short passphrase.
    """
    require_passphrase(passphrase if offline is None else min(passphrase, offline.passphrase, key=len))
    _require_name(organisation)
    rfc3339(now)  # refuses a naive datetime
    root = issuing.new(issuing.ROOT, organisation, now=now)
    middle = issuing.new(issuing.INTERMEDIATE, organisation, now=now, by=root)
    secret = offline.passphrase if offline else passphrase
    away = {
        files.ROOT_KEY: issuing.encrypted(root.key, secret),
        files.INTERMEDIATE_KEY: issuing.encrypted(middle.key, secret),
    }
    online = {
        files.ROOT_CERTIFICATE: issuing.pem(root.certificate),
        files.INTERMEDIATE_CERTIFICATE: issuing.pem(middle.certificate),
        **_leaf(organisation, middle, passphrase, now=now),
        **checkpoint_files(checkpoint_name or key_name(organisation), passphrase),
    }
    if offline is None:
        files.write_directory(directory, online | {f"{files.OFFLINE}/{name}": data for name, data in away.items()})
        return
    files.require_new(directory)
    files.write_directory(offline.directory, away)
    files.write_directory(directory, online)


def create_time_authority(directory: Path, *, name: str, passphrase: bytes, now: datetime) -> None:
    """Write the keys of a time-stamp authority for development into `directory`, which must not exist yet.

    Its root is one of its own, apart from every claim signer's, and its root's key is thrown away: nothing else can
    ever be issued under it. Raises KeyFileError if the directory exists, ValueError for an empty name.
    """
    require_passphrase(passphrase)
    _require_name(name)
    root = issuing.new(issuing.TIME_ROOT, name, now=now)
    leaf = issuing.new(issuing.TIME, name, now=now, by=root)
    contents = {
        files.TIME_ROOT: issuing.pem(root.certificate),
        files.TIME_CHAIN: issuing.pem(leaf.certificate),
        files.TIME_KEY: issuing.encrypted(leaf.key, passphrase),
    }
    files.write_directory(directory, contents)


def checkpoint_files(name: str, passphrase: bytes) -> dict[str, bytes]:
    """A new checkpoint key: its encrypted private half and its verifier key."""
    key = Ed25519PrivateKey.generate()
    vkey = verifier_key(name, key.public_key().public_bytes_raw())
    return {files.CHECKPOINT_KEY: issuing.encrypted(key, passphrase), files.CHECKPOINT_VKEY: f"{vkey}\n".encode()}


def key_name(organisation: str) -> str:
    """A name for a checkpoint key."""
    return "-".join(organisation.replace("+", " ").lower().split())


def require_passphrase(passphrase: bytes) -> None:
    """ValueError for a passphrase that protects nothing."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise ValueError(f"passphrase: at least {SHORTEST_PASSPHRASE} bytes are needed to protect the keys")


def require_room(issuer: x509.Certificate, *, now: datetime) -> None:
    """KeyFileError when a certificate ends before a new leaf under it would."""
    if issuer.not_valid_after_utc < now + timedelta(days=issuing.CLAIMS.days):
        raise KeyFileError(f"{files.INTERMEDIATE_CERTIFICATE}: it ends before a new leaf would; make a new chain")


def _leaf(organisation: str, by: issuing.Issuer, passphrase: bytes, *, now: datetime) -> dict[str, bytes]:
    leaf = issuing.new(issuing.CLAIMS, organisation, now=now, by=by)
    return {
        files.leaf_key(key_id(leaf.certificate)): issuing.encrypted(leaf.key, passphrase),
        files.CHAIN: issuing.pem(leaf.certificate, by.certificate),
    }


def _require_name(organisation: str) -> None:
    if not organisation.strip() or len(organisation) > 50:
        raise ValueError("organisation: a name of 1 to 50 characters is needed for the certificates")
