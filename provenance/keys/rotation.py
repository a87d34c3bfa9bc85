"""Changing keys: a new leaf in place of the old one, and taking back what was leaked.

- A rotation is one replaced file, `chain.pem`: what is killed before it signs with the old leaf, after it with the new.
- The old leaf's certificates stay (`former-….pem`), its key goes: files that it signed verify as before, because they
  carry their chain and the root is the same.
- A revocation is signed by the issuer, whose key is kept offline.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.errors import KeyFileError
from provenance.keys import chains, files, issuing, revocation
from provenance.keys.authority import Offline, checkpoint_files, require_room
from provenance.keys.chains import key_id
from provenance.keys.notes import VerifierKey
from provenance.keys.places import NO_RESOLVERS, Resolver, resolve
from provenance.keys.revocation import Revocation


def rotate(
    directory: Path,
    *,
    passphrase: bytes,
    offline: Offline,
    now: datetime,
    uri: str | None = None,
    resolvers: Mapping[str, Resolver] = NO_RESOLVERS,
) -> x509.Certificate:
    """Issue a new leaf under the same intermediate and let it sign from now on; returns its certificate.

    `uri` is where its key already is (a token, a key service); without one a new key is made, encrypted under
    `passphrase`. Raises KeyFileError when the intermediate's key is not there or has less than a leaf's time left.
    """
    issuer = offline.intermediate(directory)
    require_room(issuer.certificate, now=now)
    name = chains.organisation(issuer.certificate)
    if uri is None:
        leaf = issuing.new(issuing.CLAIMS, name, now=now, by=issuer)
        certificate, secret = leaf.certificate, issuing.encrypted(leaf.key, passphrase)
        install(directory, issuing.pem(certificate, issuer.certificate), key=secret)
        return certificate
    key = resolve(uri, directory=directory, passphrase=passphrase, resolvers=resolvers)
    certificate = issuing.certify(issuing.CLAIMS, name, key.public, now=now, by=issuer)
    install(directory, issuing.pem(certificate, issuer.certificate), uri=uri)
    return certificate


def install(directory: Path, chain: bytes, *, key: bytes | None = None, uri: str | None = None) -> None:
    """Put a chain and its key (encrypted PEM, or a URI) to work; the chain before it becomes a former one."""
    new = key_id(x509.load_pem_x509_certificates(chain)[0])
    if key is not None:
        files.replace(directory / files.leaf_key(new), key)
    if uri is not None:
        files.replace(directory / files.leaf_uri(new), f"{uri}\n".encode())
    present = directory / files.CHAIN
    if present.exists():
        old = files.read_public(present)
        identifier = key_id(x509.load_pem_x509_certificates(old)[0])
        if identifier != new:
            files.replace(directory / files.former(identifier), old)
    files.replace(present, chain)
    _clear(directory, keep=new)


def renew_intermediate(directory: Path, *, offline: Offline, now: datetime) -> None:
    """Issue a new intermediate under the root, for the leaves to come; those issued before stay good.

    Killed half way, `rotate` says that key and certificate differ; repeat it then. Raises KeyFileError when the root's
    key is not there, or the root ends before a new leaf would.
    """
    root = offline.root(directory)
    require_room(root.certificate, now=now)
    middle = issuing.new(issuing.INTERMEDIATE, chains.organisation(root.certificate), now=now, by=root)
    files.replace(offline.directory / files.INTERMEDIATE_KEY, issuing.encrypted(middle.key, offline.passphrase))
    files.replace(directory / files.INTERMEDIATE_CERTIFICATE, issuing.pem(middle.certificate))


def rotate_checkpoint(directory: Path, *, passphrase: bytes) -> str:
    """Let a new key sign the log's checkpoints; returns its verifier key. The old one's checkpoints stay good.

    Killed half way, `CheckpointKey.load` says that the halves differ; repeat it then.
    """
    old = VerifierKey.parse(files.read_public(directory / files.CHECKPOINT_VKEY).decode())
    files.replace(directory / f"checkpoint-{old.key_id}.vkey", f"{old}\n".encode())
    new = checkpoint_files(old.name, passphrase)
    for name in (files.CHECKPOINT_KEY, files.CHECKPOINT_VKEY):
        files.replace(directory / name, new[name])
    return new[files.CHECKPOINT_VKEY].decode().strip()


def revoke(directory: Path, name: str, *, offline: Offline, reason: str, since: datetime, now: datetime) -> Revocation:
    """Take back a leaf that the intermediate issued, from `since` on. `name` is its key id or the beginning of it.

    Raises ValueError for a reason that RFC 5280 does not have, or a date in the future; KeyFileError when no leaf or
    several have that name, when it was issued by somebody else, or the intermediate's key is not there.
    """
    if reason not in revocation.REASONS:
        raise ValueError(f"reason: {reason!r} is none of {', '.join(sorted(revocation.REASONS))}")
    if since > now:
        raise ValueError("since: a key is revoked from a moment that has been, not from one to come")
    leaf, issuer = find_leaf(directory, name), offline.intermediate(directory)
    if not chains.issued(issuer.certificate, leaf):
        raise KeyFileError(
            f"{name}: our intermediate did not issue it; ask its issuer to revoke it, and bring in their list"
        )
    entry = Revocation(leaf.serial_number, since, reason)
    path = list_path(directory, issuer.certificate)
    before = revocation.load(files.read_public(path))[-1] if path.exists() else None
    files.replace(path, revocation.revoke(entry, issuer=issuer.certificate, key=issuer.key, before=before, now=now))
    return entry


def add_list(directory: Path, pem: bytes) -> None:
    """Keep a revocation list that the issuer of one of our chains published, in place of its last one.

    Raises KeyFileError when nobody who issued a certificate of ours signed it.
    """
    try:
        lists = revocation.load(pem)
    except ValueError as error:
        raise KeyFileError(f"list: {error}; convert it with `openssl crl -inform der`") from error
    issuers = {issuer for chain in _chains(directory) for issuer in chain[1:]}
    issuers |= {x509.load_pem_x509_certificate(path.read_bytes()) for path in files.roots(directory)}
    for one in lists:
        issuer = next((issuer for issuer in issuers if revocation.is_by(one, issuer)), None)
        if issuer is None:
            raise KeyFileError(f"list: {one.issuer.rfc4514_string()} signed it, who issued none of our certificates")
        files.replace(list_path(directory, issuer), one.public_bytes(Encoding.PEM))


def find_leaf(directory: Path, name: str) -> x509.Certificate:
    """The leaf, signing or former, whose key id begins with `name`; KeyFileError when it is not exactly one."""
    leaves = {key_id(chain[0]): chain[0] for chain in _chains(directory)}
    found = [leaf for identifier, leaf in leaves.items() if name and identifier.startswith(name.lower())]
    if len(found) != 1:
        known = ", ".join(sorted(identifier[:16] for identifier in leaves))
        raise KeyFileError(f"key: {'no' if not found else 'more than one'} key is called {name}; there are {known}")
    return found[0]


def list_path(directory: Path, issuer: x509.Certificate) -> Path:
    """Where an issuer's revocation list is kept."""
    return directory / f"revoked-{key_id(issuer)[:16]}.crl.pem"


def _chains(directory: Path) -> list[list[x509.Certificate]]:
    return [x509.load_pem_x509_certificates(files.read_public(path)) for path in files.chains(directory)]


def _clear(directory: Path, *, keep: str) -> None:
    """Remove the keys of leaves that sign no more: what is not there cannot leak."""
    kept = {files.leaf_key(keep), files.leaf_uri(keep)}
    for path in [*directory.glob("leaf-*.key.pem"), *directory.glob("leaf-*.uri")]:
        if path.name not in kept:
            path.unlink()
