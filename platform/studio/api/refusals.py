"""Why a program's wish was not granted, in one form, whatever raised it: the actions, a form, the framework, a limit.

The two interfaces (`service`, and `likeness` for OpenAI's clients) write the same refusal in their own shapes.

`kind`, the status and the names of fields are for programs, and never change with the language. The sentences are for
whoever reads a program's answer: they are in the language that it asks for (Accept-Language), as what the actions say
is already, and in English where it asks for none.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as SchemaError

from studio import pipeline
from studio.audit.asking import RefusedError, without_ledger
from studio.away import AGAIN_SECONDS, is_away
from studio.jobs.quotas import OverQuotaError
from studio.jobs.words import ErasedError
from studio.pages import beside
from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)
MOST_TOLD = 5
UNOPENED = gettext_lazy(
    "Send a token that is in force as `Authorization: Bearer …`; you make one on the page of your account."
)
MOVED_ON = gettext_lazy(
    "This has moved on since you asked: it has ended, or somebody else was faster. Ask again for where it stands."
)
TOO_LARGE = gettext_lazy("The body is larger than is read here; a picture to start from goes into a multipart form.")
UNREADABLE = gettext_lazy("The body cannot be read; send it as the description says.")
NO_JSON = gettext_lazy("The body is no JSON; send an object as application/json.")
UNKNOWN = gettext_lazy("This field is unknown here; leave it out.")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A field that has to be mended, and how."""

    field: str
    message: str


@dataclass(slots=True)  # exceptions are written to as they rise
class Refusal(Exception):  # noqa: N818  what it says is no error of ours
    """Status and kind, a sentence that says what to do, the fields concerned, and the request that it is about."""

    status: HTTPStatus
    kind: str
    detail: str
    mistakes: tuple[Mistake, ...] = ()
    job: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    permanent = True


def wait(kind: str, detail: str, *, retry_after_s: int) -> Refusal:
    """Too much at once: the same may be asked again after so many seconds."""
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, kind, detail, headers={"Retry-After": str(retry_after_s)})


def refusal_of(error: Exception) -> Refusal:
    """Any exception as a refusal; one that nobody foresaw is logged, and nothing of it is told."""
    for kind, tell in _TOLD.items():
        if isinstance(error, kind):
            return tell(error)
    logger.error("a program's request failed", exc_info=error)
    if is_away(error):
        reason = _("A database or a store does not answer, or is full; nothing was changed. Ask again in a moment.")
        after = {"Retry-After": str(AGAIN_SECONDS)}
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "away", reason, headers=after)
    reason = _("Something went wrong here, and it is written down for whoever looks after this installation.")
    return Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", reason)


def _told(error: Any) -> Refusal:
    told: Refusal = error
    return told


def _no_token(error: Any) -> Refusal:
    return Refusal(HTTPStatus.UNAUTHORIZED, "no-token", str(UNOPENED), headers={"WWW-Authenticate": "Bearer"})


def _too_large(error: Any) -> Refusal:
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", str(TOO_LARGE))


def _unreadable(error: Any) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "unreadable", str(UNREADABLE))


def _framework(error: Any) -> Refusal:
    """What the framework raises itself: a body that is no JSON."""
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return Refusal(HTTPStatus.BAD_REQUEST, "unreadable", str(NO_JSON))
    status = HTTPStatus(error.status_code)
    return Refusal(status, status.name.lower().replace("_", "-"), f"{status.description}.")


def _schema(error: Any) -> Refusal:
    """Fields of the wrong type, missing ones and unknown ones."""
    return _mend(Mistake(_place(one.get("loc", ())), _remedy(one)) for one in error.errors)


def _place(loc: Iterable[object]) -> str:
    """A field by the name it was sent under: without the source and the name of our own parameter."""
    source, *parts = [str(part) for part in loc] or [""]
    names = parts[1:] if source in {"body", "form"} and len(parts) > 1 else parts
    return ".".join(names) or source


def _remedy(one: Mapping[str, Any]) -> str:
    remedies = {
        "extra_forbidden": str(UNKNOWN),
        "missing": _("It is missing; give it a value."),
    }
    # What the schema's own library says of a wrong type is in its English.
    return remedies.get(one.get("type", "")) or (f"{one['msg']}." if "msg" in one else _("It cannot be read."))


def _validation(error: Any) -> Refusal:
    named = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    pairs = [(name if name != NON_FIELD_ERRORS else "", reason) for name, all_ in named.items() for reason in all_]
    return _mend(Mistake(name, beside(name, reason)) for name, reason in pairs)


def _mend(mistakes: Iterable[Mistake]) -> Refusal:
    found = tuple(mistakes)
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "fields", in_words(found), found)


def in_words(mistakes: Iterable[Mistake], *, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """The mistakes in a sentence each; `names` are those that the asker has for fields."""
    named = [(names.get(one.field, one.field), one.message) for one in mistakes]
    return " ".join(f"{field}: {message}" if field else message for field, message in named[:MOST_TOLD])


def _over_quota(error: Any) -> Refusal:
    """A quota of the organisation's, spent until its day or month ends."""
    seconds = max(1, int((error.renews - timezone.now()).total_seconds()))
    return wait("quota-spent", in_words([Mistake("count", error.reason)]), retry_after_s=seconds)


def _denied(error: Any) -> Refusal:
    return Refusal(HTTPStatus.FORBIDDEN, "not-allowed", str(error) or _("The owner of this token may not do this."))


def _absent(error: Any) -> Refusal:
    reason = _("There is nothing under this address that the owner of this token may see.")
    return Refusal(HTTPStatus.NOT_FOUND, "not-found", reason)


def _stale(error: Any) -> Refusal:
    return Refusal(HTTPStatus.CONFLICT, "moved-on", str(MOVED_ON))


def _erased(error: Any) -> Refusal:
    return Refusal(HTTPStatus.GONE, "erased", str(error))


def _question(error: Any) -> Refusal:
    """A refusal of the public check."""
    after = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    kind = HTTPStatus(error.status).name.lower().replace("_", "-")
    return Refusal(HTTPStatus(error.status), kind, error.reason, headers=after)


def _ledger(error: Any) -> Refusal:
    return _question(without_ledger(error))


_TOLD: Mapping[type[Exception], Callable[[Any], Refusal]] = {
    Refusal: _told,
    AuthenticationError: _no_token,
    RequestDataTooBig: _too_large,
    SuspiciousOperation: _unreadable,
    BadRequest: _unreadable,
    MultiPartParserError: _unreadable,
    UnreadablePostError: _unreadable,
    HttpError: _framework,
    SchemaError: _schema,
    OverQuotaError: _over_quota,
    ValidationError: _validation,
    PermissionDenied: _denied,
    Http404: _absent,
    StaleStateError: _stale,
    ErasedError: _erased,
    RefusedError: _question,
    pipeline.LedgerUnavailableError: _ledger,
}
