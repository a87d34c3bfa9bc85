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
    built = query.build()
    reply = asked(url, built.as_bytes(), timeout=timeout)
    try:
        token = token_of(reply)
        open_stamp(token, message, roots_pem=roots_pem, nonce=built.nonce)
    except ValueError as error:
        raise _no_stamp(url, str(error).removeprefix("time-stamp: ")) from error
    return token


def asked(url: str, query: bytes, *, timeout: float) -> bytes:
    """What an authority replies to a query, not checked but for its kind and size; SealError as `request_stamp`."""
    try:
        return _post(url, query, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        raise _no_stamp(url, f"it answered {error.code} ({error.reason})") from error
    except (OSError, HTTPException, ValueError) as error:
        raise _no_stamp(url, _reason(error, timeout)) from error


def _reason(error: Exception, timeout: float) -> str:
    """Why there was no answer, as people would say it."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer in {timeout:g} seconds"
    return f"it cannot be reached ({cause})" if isinstance(cause, OSError) else str(cause)


def _no_stamp(url: str, reason: str) -> SealError:
    return SealError(f"time-stamp: {url}: {reason}; check TSA_URL and its roots", permanent=False)


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
