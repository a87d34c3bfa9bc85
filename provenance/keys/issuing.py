"""Certificates of our own: what each is for, and how one is made from a public key by its issuer.

Pure but for fresh keys and serial numbers: nothing here touches a file. Profiles follow C2PA 2.4 section 14.5 (claim
signers), RFC 3161 section 2.3 (time-stampers) and RFC 5280; every leaf has one purpose, and none is an authority.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from provenance.keys import chains
from provenance.keys.signing import PrivateKey, PublicKey

# Certificates start a little early, so that a checker whose clock is behind does not call a new picture invalid.
_CLOCK_SKEW = timedelta(minutes=10)

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Profile:
    """What a certificate is for: an authority has a path length, a leaf has purposes."""

    title: str
    days: int
    path_length: int | None = None
    purposes: tuple[ObjectIdentifier, ...] = ()
    purposes_critical: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """A certificate with the key that belongs to it."""

    key: Key
    certificate: x509.Certificate


ROOT = Profile("Root", 3650, path_length=1)
INTERMEDIATE = Profile("Issuing", 1825, path_length=0)
CLAIMS = Profile("Claims", 365, purposes=(chains.CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION))
TIME_ROOT = Profile("Time Root", 1825, path_length=0)
TIME = Profile("Time", 1825, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), purposes_critical=True)


def new(profile: Profile, organisation: str, *, now: datetime, by: Issuer | None = None) -> Issuer:
    """A new P-256 key and its certificate, signed by an issuer or, without one, by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Issuer(key, certify(profile, organisation, key.public_key(), now=now, by=by or key))


def certify(
    profile: Profile, organisation: str, public: PublicKey, *, now: datetime, by: Issuer | Key
) -> x509.Certificate:
    """The certificate of a public key, signed by an issuer or, for a root, by its own private key."""
    subject, authority = _name(organisation, profile.title), profile.path_length is not None
    signer, issuer = (by.key, by.certificate.subject) if isinstance(by, Issuer) else (by, subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=profile.days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=profile.path_length), critical=True)
        .add_extension(_key_usage(authority=authority), critical=True)
    )
    if profile.purposes:
        purposes = x509.ExtendedKeyUsage(profile.purposes)
        builder = builder.add_extension(purposes, critical=profile.purposes_critical)
    return builder.sign(signer, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates in PEM, in the order given."""
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


def encrypted(key: PrivateKey, passphrase: bytes) -> bytes:
    """A private key in PEM (PKCS #8), encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )


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
