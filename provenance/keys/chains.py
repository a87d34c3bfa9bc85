"""Whether a signer's certificates end in one of our roots, checked apart from the SDK.

The SDK accepts a claim signer under any configured anchor and does not insist on the purpose; this does both. It does
not judge expiry, because a signature made in time stays good: the caller compares the dates with the time of signing.

Sources: RFC 5280 (path validation), C2PA 2.4 section 14.5 (claim signer profile).
"""

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
_LONGEST_CHAIN = 5


def trusted_root(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The root that the chain (leaf first) ends in, None if it ends elsewhere or its leaf may not sign claims."""
    if not 0 < len(chain) <= _LONGEST_CHAIN or not _may_sign_claims(chain[0]):
        return None
    authorities = chain[1:]
    if not all(_is_authority(certificate) for certificate in authorities):
        return None
    if not all(_issued(issuer, subject) for subject, issuer in zip(chain, authorities, strict=False)):
        return None
    return next((root for root in roots if _ends_in(chain[-1], root)), None)


def organisation(certificate: x509.Certificate) -> str:
    """The organisation's name in a certificate's subject, else the whole subject."""
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _ends_in(last: x509.Certificate, root: x509.Certificate) -> bool:
    return _is_authority(root) and (last == root or _issued(root, last))


def _issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
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
    return CLAIM_SIGNING in purposes and usage.digital_signature and not _is_authority(leaf)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False
