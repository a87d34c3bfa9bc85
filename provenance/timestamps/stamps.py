"""Reading a time-stamp token: whether it is about these bytes, whose it is, and what time it states.

- A token counts only if its certificates end in a root that was given for time-stamps, were valid at the time stated,
  and its leaf is for time-stamping and nothing else. A root for claim signers vouches for no time.
- Whether an authority's certificate has ended since is the caller's question: `ends` says when it does.

Sources: RFC 3161, RFC 5816 (through `rfc3161-client`, which checks the CMS signature and the certificates).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc3161_client
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance.keys.chains import organisation

# TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken OPTIONAL }; status 0 is "granted".
_GRANTED = bytes.fromhex("3003020100")


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """`at` is the time that was certified, `authority` who certified it, `ends` when their certificate ends."""

    at: datetime
    authority: str
    ends: datetime


def open_stamp(token: bytes, message: bytes, *, roots_pem: bytes, nonce: int | None = None) -> TimeStamp:
    """The time-stamp in a token (DER of a CMS ContentInfo) over `message`; ValueError says why it does not count."""
    roots = x509.load_pem_x509_certificates(roots_pem) if roots_pem.strip() else []
    if not roots:
        raise ValueError("time-stamp: no root for time-stamps is known")
    try:
        response = rfc3161_client.decode_timestamp_response(_response(token))
        leaf = _leaf(response)
        _require_one_purpose(leaf)
        verifier = rfc3161_client.VerifierBuilder(roots=roots, nonce=nonce).build()
        verifier.verify_message(response, message)
    except (rfc3161_client.VerificationError, x509.ExtensionNotFound, ValueError) as error:
        raise ValueError(f"time-stamp: {error}") from error
    return TimeStamp(response.tst_info.gen_time, organisation(leaf), leaf.not_valid_after_utc)


def token_of(response: bytes) -> bytes:
    """The token in a reply of an authority; ValueError with the authority's reason when it granted none."""
    reply = rfc3161_client.decode_timestamp_response(response)
    if reply.status != rfc3161_client.PKIStatus.GRANTED:
        raise ValueError(f"it was refused (status {reply.status}) {' '.join(reply.status_string)}".rstrip())
    return reply.time_stamp_token()


def _response(token: bytes) -> bytes:
    body = _GRANTED + token
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return b"\x30" + (bytes([0x80 | len(size)]) + size if len(body) > 127 else size) + body


def _leaf(response: Any) -> x509.Certificate:
    """The certificate that the signature names; it must be in the token, or nobody can check it later."""
    (signer,) = response.signed_data.signer_infos
    for der in response.signed_data.certificates:
        certificate = x509.load_der_x509_certificate(der)
        if (certificate.issuer, certificate.serial_number) == (signer.issuer, signer.serial_number):
            return certificate
    raise ValueError("the authority's certificate is not in the token")


def _require_one_purpose(leaf: x509.Certificate) -> None:
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not purposes.critical or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("its certificate is not for time-stamping alone")
