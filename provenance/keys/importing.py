"""Bringing in a bought certificate: every check by name before anything is written.

What is checked is the profile of a claim signer (C2PA 2.4, section 14.5; RFC 5280), the way from leaf to root, and that
the key belongs to it. All problems are named at once, because each costs a round with the certificate's issuer.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from provenance.canonical import rfc3339
from provenance.errors import KeyFileError
from provenance.keys import chains, files, issuing
from provenance.keys.authority import checkpoint_files, key_name, require_passphrase
from provenance.keys.places import NO_RESOLVERS, Resolver, resolve
from provenance.keys.rotation import install
from provenance.keys.signing import PublicKey, SigningKey, algorithm_of, in_process

_LONGEST = timedelta(days=366)
_WEAK = (hashes.MD5, hashes.SHA1)


def import_chain(
    directory: Path,
    *,
    chain_pem: bytes,
    root_pem: bytes,
    key: bytes | str,
    passphrase: bytes,
    now: datetime,
    key_passphrase: bytes | None = None,
    checkpoint_name: str | None = None,
    resolvers: Mapping[str, Resolver] = NO_RESOLVERS,
) -> x509.Certificate:
    """Let a bought chain sign, in a new directory or in place of the leaf of an existing one; returns its leaf.

    `chain_pem` is the leaf and its intermediates, in any order; `key` the private key in PEM, which is kept encrypted
    under `passphrase`, or the URI of the place where it is. `checkpoint_name` names the log's key in a new directory.
    Raises KeyFileError that names every problem, with nothing written.
    """
    require_passphrase(passphrase)
    chain = ordered(_certificates("chain", chain_pem))
    roots = _certificates("root", root_pem)
    chain = [certificate for certificate in chain if certificate not in roots]
    signing, secret = _key(key, directory, passphrase, key_passphrase, resolvers)
    found = [*problems(chain, roots, now=now), *_key_problems(chain, signing.public)]
    if found:
        raise KeyFileError("import: " + "; ".join(found))
    uri, identifier = key if isinstance(key, str) else None, chains.key_id(chain[0])
    if directory.exists():
        for root in roots:
            files.replace(_root_path(directory, root), issuing.pem(root))
        install(directory, issuing.pem(*chain), key=secret, uri=uri)
        return chain[0]
    place = {files.leaf_uri(identifier): f"{uri}\n".encode()} if uri else {files.leaf_key(identifier): secret or b""}
    name = checkpoint_name or key_name(chains.organisation(chain[0]))
    trusted = {files.ROOT_CERTIFICATE: issuing.pem(roots[0])}
    trusted |= {f"root-{chains.key_id(root)[:16]}.pem": issuing.pem(root) for root in roots[1:]}
    files.write_directory(
        directory, trusted | place | checkpoint_files(name, passphrase) | {files.CHAIN: issuing.pem(*chain)}
    )
    return chain[0]


def ordered(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The certificates from the leaf upwards, as far as each one's issuer is among them."""
    leaves = [
        one for one in certificates if not any(other != one and chains.issued(one, other) for other in certificates)
    ]
    chain = leaves[:1]
    while chain and (above := [one for one in certificates if one not in chain and chains.issued(one, chain[-1])]):
        chain.append(above[0])
    return chain


def problems(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], *, now: datetime) -> Iterator[str]:
    """Everything that keeps a chain, leaf first and without its root, from signing claims that checks accept."""
    if not chain:
        yield "chain: it holds no leaf certificate; put the signer's own certificate first"
        return
    yield from leaf_problems(chain[0], now=now)
    for certificate in chain[1:]:
        if not chains.is_authority(certificate):
            yield f"intermediate {_who(certificate)}: it is no authority (CA=false); it belongs to another chain"
    for certificate in (*chain[1:], *roots):
        if certificate.not_valid_after_utc <= now:
            yield f"{_who(certificate)}: expired at {rfc3339(certificate.not_valid_after_utc)}; get its successor"
    if not any(chains.issued(root, chain[-1]) for root in roots):
        issuer = chain[-1].issuer.rfc4514_string()
        yield f"chain: the certificate of {issuer} is missing; add the intermediate, or give the right --root"


def leaf_problems(leaf: x509.Certificate, *, now: datetime) -> Iterator[str]:
    """Everything that keeps a leaf from being a claim signer's."""
    if leaf.version is not x509.Version.v3:
        yield "leaf: not an X.509 certificate of version 3"
    if leaf.not_valid_after_utc <= now:
        yield f"leaf: expired at {rfc3339(leaf.not_valid_after_utc)}"
    if leaf.not_valid_before_utc > now:
        yield f"leaf: not valid before {rfc3339(leaf.not_valid_before_utc)}"
    if leaf.not_valid_after_utc - leaf.not_valid_before_utc > _LONGEST:
        yield f"leaf: valid for more than {_LONGEST.days} days"
    if isinstance(leaf.signature_hash_algorithm, _WEAK):
        yield f"leaf: signed with {leaf.signature_hash_algorithm.name}, which is broken"
    try:
        algorithm_of(leaf.public_key())
    except ValueError as error:
        yield f"leaf: {error}"
    yield from _extension_problems(leaf)


def _extension_problems(leaf: x509.Certificate) -> Iterator[str]:
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    if purposes is None or chains.CLAIM_SIGNING not in purposes.value:
        yield f"leaf: its extended key usage lacks claim signing ({chains.CLAIM_SIGNING.dotted_string})"
    elif not chains.FOREIGN_PURPOSES.isdisjoint(purposes.value):
        yield "leaf: its extended key usage also has time-stamping, OCSP or any purpose, which exclude claim signing"
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.critical or not usage.value.digital_signature:
        yield "leaf: its key usage is not critical with digitalSignature"
    elif usage.value.key_cert_sign:
        yield "leaf: its key usage has keyCertSign, which is for authorities"
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        yield "leaf: it is an authority (CA=true)"
    if _extension(leaf, x509.SubjectKeyIdentifier) is None:
        yield "leaf: it has no subject key identifier"
    if _extension(leaf, x509.AuthorityKeyIdentifier) is None:
        yield "leaf: it has no authority key identifier"


def _extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> "x509.Extension | None":  # type: ignore[type-arg]
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _key_problems(chain: Sequence[x509.Certificate], public: PublicKey) -> Iterator[str]:
    if chain and chain[0].public_key() != public:
        yield "key: it is not the one that the leaf certificate names"


def _key(
    key: bytes | str,
    directory: Path,
    passphrase: bytes,
    key_passphrase: bytes | None,
    resolvers: Mapping[str, Resolver],
) -> tuple[SigningKey, bytes | None]:
    """The key, and its encrypted PEM if it is to be kept here."""
    if isinstance(key, str):
        return resolve(key, directory=directory, passphrase=passphrase, resolvers=resolvers), None
    try:
        private = serialization.load_pem_private_key(key, key_passphrase)
        signing = in_process(private)
    except TypeError as error:
        raise KeyFileError(
            "key: it is encrypted, or is not and a passphrase was given; check KEY_PASSPHRASE"
        ) from error
    except ValueError as error:
        raise KeyFileError(f"key: it does not open ({error}); check its format (PEM) and KEY_PASSPHRASE") from error
    return signing, issuing.encrypted(private, passphrase)  # type: ignore[arg-type]


def _certificates(name: str, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise KeyFileError(f"{name}: no certificate in PEM; convert it with `openssl x509 -inform der`") from error


def _root_path(directory: Path, root: x509.Certificate) -> Path:
    """Where a root is kept: beside those that are there, never in their place."""
    for path in files.roots(directory):
        if x509.load_pem_x509_certificate(path.read_bytes()) == root:
            return path
    first = directory / files.ROOT_CERTIFICATE
    return directory / f"root-{chains.key_id(root)[:16]}.pem" if first.exists() else first


def _who(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()
