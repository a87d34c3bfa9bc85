"""PDF documents with an organisation's signature: PAdES over the whole file, by the key that signs its pictures.

- The key is asked through the same callback as for pictures, so it may live in a token or at a key service.
- Not a C2PA manifest and no time-stamp: when a report was made is in the ledger, whose checkpoints are time-stamped.

Sources: ISO 32000-2 section 12.8, ETSI EN 319 142-1 (PAdES baseline B-B).
"""

import io

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.general import SigningError
from pyhanko_certvalidator.registry import CertificateStore, SimpleCertificateStore

from provenance.errors import SealError
from provenance.keys import SigningIdentity
from provenance.keys.signing import Algorithm

_FIELD = "Imprimatur"
_DIGESTS = {
    Algorithm.ES256: "sha256",
    Algorithm.ES384: "sha384",
    Algorithm.PS256: "sha256",
    Algorithm.ED25519: "sha512",
}
# The longest signature that a key of ours gives: RSA of 4096 bits.
_ROOM = 512


class _ByCallback(signers.Signer):
    """A signer whose key is wherever the identity's is."""

    def __init__(self, identity: SigningIdentity) -> None:
        leaf, *others = load_certs_from_pemder_data(identity.chain_pem)
        store: CertificateStore = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(others)
        super().__init__(signing_cert=leaf, cert_registry=store, prefer_pss=True)
        self._identity = identity

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature in CMS's form: ECDSA as a sequence of two numbers, where COSE has them side by side."""
        if dry_run:
            return bytes(_ROOM)
        signature = self._identity.sign(data)
        if self._identity.algorithm not in {Algorithm.ES256, Algorithm.ES384}:
            return signature
        half = len(signature) // 2
        numbers = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        return encode_dss_signature(*numbers)


def sign_document(document: bytes, identity: SigningIdentity, *, reason: str) -> bytes:
    """The document with a signature over every byte of it. Raises SealError when the key or the document refuses."""
    signer = _ByCallback(identity)
    metadata = signers.PdfSignatureMetadata(
        field_name=_FIELD,
        md_algorithm=_DIGESTS[identity.algorithm],
        subfilter=fields.SigSeedSubFilter.PADES,
        name=identity.organisation,
        reason=reason,
    )
    try:
        signed = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document)), metadata, signer=signer)
    except (SigningError, ValueError) as error:
        raise SealError(f"document: it could not be signed ({error})") from error
    return bytes(signed.getvalue())
