"""What was revoked, since when and why: X.509 revocation lists in the trust directory, made and read.

- A list counts for a certificate if its issuer signed it, as RFC 5280 has it; whoever holds the key of a leaf alone can
  revoke nothing and take nothing back.
- What counts is the date from which the key is not believed any more (`invalidityDate`), where the list states one,
  else the date of the revocation. What a trusted time-stamp shows to be signed before it stays good.
- A list never ends by itself: an old list says less than a new one, and is still better than none.

Source: RFC 5280, section 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

REASONS = {
    flag.value: flag
    for flag in (
        x509.ReasonFlags.key_compromise,
        x509.ReasonFlags.ca_compromise,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.privilege_withdrawn,
    )
}
_WORDS = {
    "keyCompromise": "the key may be in other hands",
    "cACompromise": "the issuer's key may be in other hands",
    "affiliationChanged": "the organisation changed",
    "superseded": "another key took its place",
    "cessationOfOperation": "it is not used any more",
    "privilegeWithdrawn": "the right to sign was withdrawn",
}


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate is not believed from `since` on. `reason` is one of RFC 5280's words, or empty."""

    serial: int
    since: datetime
    reason: str

    @property
    def why(self) -> str:
        """The reason in plain words."""
        return _WORDS.get(self.reason, "no reason was given")


def load(pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """The lists in a PEM file or in several put together; ValueError for what is none."""
    marker = b"-----END X509 CRL-----"
    parts = [part + marker for part in pem.split(marker)[:-1]]
    if not parts and pem.strip():
        raise ValueError("not a revocation list in PEM")
    return tuple(x509.load_pem_x509_crl(part) for part in parts)


def revocation_of(
    certificate: x509.Certificate, issuer: x509.Certificate, lists: Sequence[x509.CertificateRevocationList]
) -> Revocation | None:
    """The earliest revocation of a certificate in the lists that its issuer signed."""
    found = [
        _read(entry)
        for one in lists
        if is_by(one, issuer)
        and (entry := one.get_revoked_certificate_by_serial_number(certificate.serial_number)) is not None
    ]
    return min(found, key=lambda item: item.since, default=None)


def revocation_in(
    chain: Sequence[x509.Certificate], lists: Sequence[x509.CertificateRevocationList]
) -> Revocation | None:
    """The earliest revocation of any certificate of a chain, leaf first, its root last."""
    found = [revocation_of(subject, issuer, lists) for subject, issuer in pairwise(chain)]
    return min((item for item in found if item), key=lambda item: item.since, default=None)


def is_by(one: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether an issuer signed a list."""
    try:
        return one.issuer == issuer.subject and one.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def revoke(
    revocation: Revocation,
    *,
    issuer: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    before: x509.CertificateRevocationList | None,
    now: datetime,
) -> bytes:
    """The issuer's next list in PEM: what the one before said, and one more revocation."""
    number = _number(before) + 1 if before else 1
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(issuer.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for entry in before or ():
        builder = builder.add_revoked_certificate(entry)
    signed = builder.add_revoked_certificate(_entry(revocation, now)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def _entry(revocation: Revocation, now: datetime) -> x509.RevokedCertificate:
    return (
        x509.RevokedCertificateBuilder()
        .serial_number(revocation.serial)
        .revocation_date(now)
        .add_extension(x509.CRLReason(REASONS[revocation.reason]), critical=False)
        .add_extension(x509.InvalidityDate(revocation.since.astimezone(UTC).replace(tzinfo=None)), critical=False)
        .build()
    )


def _read(entry: x509.RevokedCertificate) -> Revocation:
    since, reason = entry.revocation_date_utc, ""
    for extension in entry.extensions:
        if isinstance(extension.value, x509.InvalidityDate):
            since = min(since, extension.value.invalidity_date_utc)
        elif isinstance(extension.value, x509.CRLReason):
            reason = extension.value.reason.value
    return Revocation(entry.serial_number, since, reason)


def _number(one: x509.CertificateRevocationList) -> int:
    try:
        return one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return 0
