"""What every public question goes through: a turn, a limit of bytes, and a plain reason when it is not answered."""

import logging
from http import HTTPStatus
from io import BytesIO
from typing import TypeVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from studio import limits, pipeline

Answer = TypeVar("Answer", bound=HttpResponse)
logger = logging.getLogger(__name__)


class RefusedError(Exception):
    """A question that was not answered: the status to answer with, and why in plain words."""

    permanent = True

    def __init__(self, status: HTTPStatus, reason: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.retry_after_s = status, reason, retry_after_s


def take_turn(request: HttpRequest) -> None:
    """Count this question. Raises RefusedError when its address asked too often."""
    turn = limits.take_turn(request, now=limits.clock())
    if not turn.allowed:
        reason = _("Too many checks from your address; try again in %(retry_after_s)s seconds.") % {
            "retry_after_s": turn.retry_after_s
        }
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, reason, retry_after_s=turn.retry_after_s)


def uploaded(request: HttpRequest) -> tuple[str, bytes] | None:
    """Name and bytes of the file that was sent, None for none. Raises RefusedError when it is too large."""
    found = uploads(request)
    return (found[-1][0], found[-1][1].read()) if found else None


def uploads(request: HttpRequest) -> list[tuple[str, UploadedFile | BytesIO]]:
    """Names and files of everything that was sent. Raises RefusedError when it is too large."""
    try:
        return limits.uploads(request)
    except limits.UploadTooLargeError as error:
        limit = filesizeformat(settings.UPLOAD_LIMIT_BYTES)
        reason = _("What was sent is larger than %(limit)s, the most that is checked at once.") % {"limit": limit}
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason) from error


def without_ledger(error: pipeline.LedgerUnavailableError) -> RefusedError:
    """The refusal when the ledger cannot be asked: no answer is better than a wrong one."""
    logger.error("a question could not be answered: %s", error)
    reason = _("Our ledger cannot be reached, so there is no verdict. Your file is not the cause; try again later.")
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, retry_after_s=60)


def timed(response: Answer, refusal: RefusedError) -> Answer:
    """The response with the time after which to ask again, where there is one."""
    if refusal.retry_after_s is not None:
        response["Retry-After"] = str(refusal.retry_after_s)
    return response
