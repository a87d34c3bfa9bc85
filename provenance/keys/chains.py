"""Whether a signer's certificates end in one of our roots, checked apart from the SDK.

The SDK accepts a claim signer under any anchor it is given, one that is there for time-stamps included, and does not
insist on the purpose; this does both: the caller passes the roots of one kind alone, and a leaf has the purpose of that
kind and no other. It does not judge expiry, because a signature made in time stays good: the caller compares the dates
with the time of signing.

Sources: RFC 5280 (path validation), C2PA 2.4 section 14.5 (claim signer profile).
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
_LONGEST_CHAIN = 5
# A certificate for one of these may be for nothing else (C2PA 2.4, section 14.5.1.1), and "any purpose" is no purpose.
FOREIGN_PURPOSES = frozenset(
    {
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }
)


def trusted_root(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The root that the chain (leaf first) ends in, None if it ends elsewhere or its leaf may not sign claims."""
    if not 0 < len(chain) <= _LONGEST_CHAIN or not _may_sign_claims(chain[0]):
        return None
    authorities = chain[1:]
    if not all(is_authority(certificate) for certificate in authorities):
        return None
    if not all(issued(issuer, subject) for subject, issuer in zip(chain, authorities, strict=False)):
        return None
    return next((root for root in roots if _ends_in(chain[-1], root)), None)


def key_id(leaf: x509.Certificate) -> str:
    """What a key is called everywhere: the SHA-256 of its certificate, in hexadecimal."""
    return leaf.fingerprint(hashes.SHA256()).hex()


def organisation(certificate: x509.Certificate) -> str:
    """The organisation's name in a certificate's subject, else the whole subject."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _ends_in(last: x509.Certificate, root: x509.Certificate) -> bool:
    return is_authority(root) and (last == root or issued(root, last))


def issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """Whether the key of one certificate signed the other, which names it as its issuer."""
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign_claims(leaf: x509.Certificate) -> bool:
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    mixed = not FOREIGN_PURPOSES.isdisjoint(purposes)
    return CLAIM_SIGNING in purposes and not mixed and usage.digital_signature and not is_authority(leaf)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may issue others."""
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False
