"""Asking a time-stamp authority, with a limit in time and size, and believing no answer that was not checked."""

import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException

import rfc3161_client

from provenance.errors import SealError
from provenance.timestamps.stamps import open_stamp, token_of

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
_LARGEST_REPLY = 64 * 1024


def request_stamp(url: str, message: bytes, *, roots_pem: bytes, timeout: float) -> bytes:
    """A token over the SHA-256 of `message`, checked, in DER.

    Raises SealError, never permanent, when the authority does not answer in `timeout` seconds, refuses, or answers with
    something that is not about the message, not fresh, or not by an authority under the roots.
    """
    query = rfc3161_client.TimestampRequestBuilder().data(message).nonce(nonce=True).cert_request(cert_request=True)
    asked = query.build()
    try:
        token = token_of(_post(url, asked.as_bytes(), timeout=timeout))
        open_stamp(token, message, roots_pem=roots_pem, nonce=asked.nonce)
    except (OSError, HTTPException, ValueError) as error:
        reason = str(error).removeprefix("time-stamp: ")
        raise SealError(f"time-stamp: {url}: {reason}; check TSA_URL and its roots", permanent=False) from error
    return token


def _post(url: str, body: bytes, *, timeout: float) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise ValueError("an authority's address begins with http:// or https://")
    asking = urllib.request.Request(url, data=body, headers={"Content-Type": QUERY})  # noqa: S310  # checked above
    with urllib.request.urlopen(asking, timeout=timeout) as answer:  # noqa: S310
        kind = answer.headers.get_content_type()
        reply: bytes = answer.read(_LARGEST_REPLY + 1)
    if answer.status != HTTPStatus.OK or kind != REPLY or len(reply) > _LARGEST_REPLY:
        raise ValueError(f"it answered with {kind} instead of a {REPLY}")
    return reply
