"""One command makes an organisation's keys: root, intermediate, claim signer, time-stamper, and the checkpoint key.

It is not a certificate authority for others: it issues two leaves, one for claims (C2PA 2.4, section 14.5) and one for
time-stamps (RFC 3161, section 2.3), each with that purpose alone.
- Every private key is encrypted with the passphrase (PKCS #8) and readable by its owner alone.
- The root key is needed again only to replace the intermediate: move it offline.
- A root made here is on no public trust list; whoever checks must be given `root.pem`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from provenance.canonical import rfc3339
from provenance.errors import KeyFileError
from provenance.keys import chains, files
from provenance.keys.identity import open_private_key
from provenance.keys.notes import verifier_key

# Certificates start a little early, so that a checker whose clock is behind does not call a new picture invalid.
_CLOCK_SKEW = timedelta(minutes=10)
_SHORTEST_PASSPHRASE = 12

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class _Profile:
    """What a certificate is for: an authority has a path length, a leaf has purposes."""

    title: str
    days: int
    path_length: int | None = None
    purposes: tuple[ObjectIdentifier, ...] = ()
    purposes_critical: bool = False


ROOT = _Profile("Root", 3650, path_length=1)
INTERMEDIATE = _Profile("Issuing", 1825, path_length=0)
CLAIMS = _Profile("Claims", 365, purposes=(chains.CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION))
TIME = _Profile("Time", 1825, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), purposes_critical=True)


@dataclass(frozen=True, slots=True)
class _Issuer:
    key: Key
    certificate: x509.Certificate


def create_authority(
    directory: Path, *, organisation: str, passphrase: bytes, now: datetime, checkpoint_name: str | None = None
) -> None:
    """Write a complete new authority into `directory`, which must not exist yet.

    `checkpoint_name` is the key name in signed checkpoints, by default the organisation's name with dashes for what a
    name may not hold; giving it the log's origin is what C2SP recommends. The leaf lasts 365 days (C2PA allows 366).
    Raises KeyFileError if the directory exists, ValueError for an empty name or a short passphrase.
    """
    _require(organisation, passphrase)
    rfc3339(now)  # refuses a naive datetime
    root = _certify(ROOT, organisation, now=now)
    middle = _certify(INTERMEDIATE, organisation, now=now, by=root)
    claims, time = _certify(CLAIMS, organisation, now=now, by=middle), _certify(TIME, organisation, now=now, by=middle)
    checkpoint = Ed25519PrivateKey.generate()
    vkey = verifier_key(checkpoint_name or _key_name(organisation), checkpoint.public_key().public_bytes_raw())
    contents = {
        files.ROOT_CERTIFICATE: _pem(root.certificate),
        files.ROOT_KEY: _encrypted(root.key, passphrase),
        files.INTERMEDIATE_CERTIFICATE: _pem(middle.certificate),
        files.INTERMEDIATE_KEY: _encrypted(middle.key, passphrase),
        files.CHAIN: _pem(claims.certificate) + _pem(middle.certificate),
        files.LEAF_KEY: _encrypted(claims.key, passphrase),
        files.TIME_CHAIN: _pem(time.certificate) + _pem(middle.certificate),
        files.TIME_KEY: _encrypted(time.key, passphrase),
        files.CHECKPOINT_KEY: _encrypted(checkpoint, passphrase),
        files.CHECKPOINT_VKEY: f"{vkey}\n".encode(),
    }
    files.write_directory(directory, contents)


def renew_leaf(directory: Path, *, passphrase: bytes, now: datetime) -> None:
    """Replace the claim signer's key and certificate, under the same intermediate; the old ones stay good for checks.

    Repeat it if it was interrupted: until both files fit each other again nothing can be signed. Raises KeyFileError
    when the intermediate's key is not there or has less than a leaf's lifetime left.
    """
    key = open_private_key(directory / files.INTERMEDIATE_KEY, passphrase)
    certificate = x509.load_pem_x509_certificate(files.read_public(directory / files.INTERMEDIATE_CERTIFICATE))
    if not isinstance(key, Key) or key.public_key() != certificate.public_key():
        raise KeyFileError(f"{directory / files.INTERMEDIATE_KEY}: it does not belong to its certificate; restore both")
    if certificate.not_valid_after_utc < now + timedelta(days=CLAIMS.days):
        raise KeyFileError(f"{files.INTERMEDIATE_CERTIFICATE}: it ends before a new leaf would; make a new chain")
    leaf = _certify(CLAIMS, chains.organisation(certificate), now=now, by=_Issuer(key, certificate))
    files.replace(directory / files.LEAF_KEY, _encrypted(leaf.key, passphrase))
    files.replace(directory / files.CHAIN, _pem(leaf.certificate) + _pem(certificate))


def _require(organisation: str, passphrase: bytes) -> None:
    if not organisation.strip() or len(organisation) > 50:
        raise ValueError("organisation: a name of 1 to 50 characters is needed for the certificates")
    if len(passphrase) < _SHORTEST_PASSPHRASE:
        raise ValueError(f"passphrase: at least {_SHORTEST_PASSPHRASE} bytes are needed to protect the keys")


def _certify(profile: _Profile, organisation: str, *, now: datetime, by: _Issuer | None = None) -> _Issuer:
    """A new P-256 key and its certificate, signed by an issuer or, without one, by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(organisation, profile.title)
    signer, authority = by.key if by else key, profile.path_length is not None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=profile.days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=profile.path_length), critical=True)
        .add_extension(_key_usage(authority=authority), critical=True)
    )
    if profile.purposes:
        purposes = x509.ExtendedKeyUsage(profile.purposes)
        builder = builder.add_extension(purposes, critical=profile.purposes_critical)
    return _Issuer(key, builder.sign(signer, hashes.SHA256()))


def _name(organisation: str, title: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} {title}"),
        ]
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_name(organisation: str) -> str:
    return "-".join(organisation.replace("+", " ").lower().split())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _encrypted(key: Key | Ed25519PrivateKey, passphrase: bytes) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
