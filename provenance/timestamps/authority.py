"""The answer to a time-stamp request: bytes in, bytes out, nothing about HTTP.

- SHA-256, SHA-384 and SHA-512 imprints; anything else is rejected with the status that RFC 3161 has for it.
- A token holds the imprint, the moment, a serial number and the request's nonce, in a CMS signature (RFC 5652) with
  ECDSA over P-256 that names its certificate (RFC 5816).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from asn1crypto import algos, cms, core, tsp  # type: ignore[import-untyped]  # asn1crypto carries no types
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provenance.errors import KeyFileError
from provenance.keys import files
from provenance.keys.places import open_private_key

# An arc of our own under the example arc of RFC 5612: whoever needs a policy with a meaning asks a real authority.
POLICY = "1.3.6.1.4.1.32473.1"
_IMPRINT_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}


@dataclass(frozen=True, slots=True)
class TimeStampAuthority:
    """A key and its certificates, leaf first. The chain is public, the key is not."""

    chain: tuple[x509.Certificate, ...]
    _key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    @classmethod
    def load(cls, directory: Path, *, passphrase: bytes) -> "TimeStampAuthority":
        """Read the key that `tsa init` made; KeyFileError names the file and what to do."""
        path = directory / files.TIME_KEY
        key = open_private_key(path, passphrase)
        chain = tuple(x509.load_pem_x509_certificates(files.read_public(directory / files.TIME_CHAIN)))
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != chain[0].public_key():
            raise KeyFileError(f"{path}: it does not belong to {files.TIME_CHAIN}; restore both from one backup")
        return cls(chain, key)

    def answer(self, request: bytes, *, now: datetime, serial: int) -> bytes:
        """The DER of a TimeStampResp: granted with a token, or rejected. `serial` must never be used twice."""
        try:
            asked = tsp.TimeStampReq.load(request, strict=True)
            imprint = asked["message_imprint"]
            algorithm, digest = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
            certificates, nonce = bool(asked["cert_req"].native), asked["nonce"].native
        except (ValueError, TypeError):
            return _rejected("bad_data_format")
        if _IMPRINT_BYTES.get(algorithm) != len(digest):
            return _rejected("bad_alg")
        facts = {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": imprint,
            "serial_number": serial,
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
            **({"nonce": nonce} if nonce is not None else {}),
        }
        token = self._token(tsp.TSTInfo(facts), with_certificates=certificates)
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())

    def _token(self, facts: tsp.TSTInfo, *, with_certificates: bool) -> cms.ContentInfo:
        attributes = self._attributes(facts.dump())
        signature = self._key.sign(attributes.untag().dump(), ec.ECDSA(hashes.SHA256()))
        leaf = _asn1(self.chain[0])
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.IssuerAndSerialNumber({"issuer": leaf.issuer, "serial_number": leaf.serial_number}),
                "digest_algorithm": {"algorithm": "sha256"},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                "signature": signature,
            }
        )
        signed = {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(facts.dump())},
            "signer_infos": [signer],
        }
        if with_certificates:
            signed["certificates"] = [_asn1(certificate) for certificate in self.chain]
        return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})

    def _attributes(self, content: bytes) -> cms.CMSAttributes:
        leaf = self.chain[0].public_bytes(serialization.Encoding.DER)
        named = tsp.ESSCertIDv2(
            {
                "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "cert_hash": hashlib.sha256(leaf).digest(),
            }
        )
        return cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
                {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]},
            ]
        )


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


class Rejection(core.Sequence):  # type: ignore[misc]  # for the same reason
    """A TimeStampResp without a token, which asn1crypto's own class insists on."""

    _fields: ClassVar = [("status", tsp.PKIStatusInfo)]


def _rejected(reason: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {reason}})
    return bytes(Rejection({"status": status}).dump())
