"""An organisation's signing certificates, for people who ask which keys there were: public facts alone."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from provenance.canonical import rfc3339
from provenance.keys import files, revocation
from provenance.keys.chains import key_id, organisation, trusted_root
from provenance.keys.signing import algorithm_of
from provenance.keys.trust import TrustStore


@dataclass(frozen=True, slots=True)
class Leaf:
    """One certificate. `revoked_since` is RFC 3339, empty while the key is believed; `present`: it signs now."""

    key_id: str
    subject: str
    issuer: str
    root: str
    algorithm: str
    begins: datetime
    expires: datetime
    present: bool
    revoked_since: str = ""
    revoked_why: str = ""


def leaves(directory: Path) -> list[Leaf]:
    """The certificates in a trust directory, the present one first. Raises KeyFileError, TrustError."""
    anchors = TrustStore.load(directory).anchors
    roots = x509.load_pem_x509_certificates(anchors.roots_pem)
    lists = revocation.load(anchors.revoked_pem)
    found = []
    for path in files.chains(directory):
        chain = x509.load_pem_x509_certificates(files.read_public(path))
        root = trusted_root(chain, roots)
        revoked = revocation.revocation_in((*chain, root) if root else tuple(chain), lists)
        leaf = chain[0]
        found.append(
            Leaf(
                key_id=key_id(leaf),
                subject=organisation(leaf),
                issuer=_common_name(leaf.issuer),
                root=_common_name(root.subject) if root else "",
                algorithm=algorithm_of(leaf.public_key()).value,
                begins=leaf.not_valid_before_utc,
                expires=leaf.not_valid_after_utc,
                present=path.name == files.CHAIN,
                revoked_since=rfc3339(revoked.since) if revoked else "",
                revoked_why=revoked.why if revoked else "",
            )
        )
    return found


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
