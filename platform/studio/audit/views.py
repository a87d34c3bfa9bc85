"""What the public sees without signing in: the check, its JSON, and the record of a released picture.

No personal data stands on any of them.
"""

import logging
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio import limits, pipeline
from studio.audit.explaining import explain
from studio.jobs.models import Picture
from studio.jobs.states import PictureState

Answer = TypeVar("Answer", bound=HttpResponse)
logger = logging.getLogger(__name__)
NO_FILE = "Choose a picture first; then we can check it."


class RefusedError(Exception):
    """A check that was not made: the status to answer with, and why in plain words."""

    permanent = True

    def __init__(self, status: HTTPStatus, reason: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.retry_after_s = status, reason, retry_after_s


# A check changes nothing and knows nobody; and the upload limit must see the body before anything else reads it.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The check page; as JSON for whoever prefers that."""
    if request.method != "POST":
        return render(request, "studio/check.html", {"limit": settings.UPLOAD_LIMIT_BYTES})
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return check_json(request)
    try:
        answer = _verify(request)
    except RefusedError as refusal:
        return _refused_page(request, refusal)
    context = {
        "answer": answer,
        "explanation": explain(answer["verdict"]),
        "record": _public_record(answer["record"]),
        "limit": settings.UPLOAD_LIMIT_BYTES,
    }
    return render(request, "studio/check.html", context)


@csrf_exempt
@never_cache
@require_POST
def check_json(request: HttpRequest) -> JsonResponse:
    """The same answer as one object; a check that was not made has `error` and no `verdict`."""
    try:
        return JsonResponse(_verify(request))
    except RefusedError as refusal:
        return _timed(JsonResponse({"error": refusal.reason}, status=refusal.status), refusal)


def _verify(request: HttpRequest) -> dict[str, Any]:
    turn = limits.take_turn(request, now=limits.clock())
    if not turn.allowed:
        reason = f"Too many checks from your address; try again in {turn.retry_after_s} seconds."
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, reason, retry_after_s=turn.retry_after_s)
    try:
        upload = limits.uploaded(request)
    except limits.UploadTooLargeError as error:
        reason = (
            f"The file is larger than {filesizeformat(settings.UPLOAD_LIMIT_BYTES)}, the most that is checked here."
        )
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason) from error
    if upload is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, NO_FILE)
    name, data = upload
    try:
        return {"file": name, **pipeline.verify_stranger(data).to_json()}
    except pipeline.LedgerUnavailableError as error:
        logger.error("a check could not be answered: %s", error)
        reason = "Our ledger cannot be reached, so there is no verdict. Your file is not the cause; try again later."
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, reason, retry_after_s=60) from error


def _refused_page(request: HttpRequest, refusal: RefusedError) -> HttpResponse:
    context = {"refusal": refusal.reason, "limit": settings.UPLOAD_LIMIT_BYTES}
    return _timed(render(request, "studio/check.html", context, status=refusal.status), refusal)


def _timed(response: Answer, refusal: RefusedError) -> Answer:
    if refusal.retry_after_s is not None:
        response["Retry-After"] = str(refusal.retry_after_s)
    return response


def _public_record(urn: str | None) -> Picture | None:
    """The released picture with this record name, if there is one."""
    try:
        pk = UUID((urn or "").removeprefix("urn:uuid:"))
    except ValueError:
        return None
    return Picture.objects.public().filter(pk=pk).select_related("withdrawal").first()


@require_safe
def record(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is public about a released picture: who stands for it, what made it, and whether it is still in force."""
    joined = ("job__project__organisation", "job__model", "job__campaign", "release__decision__request")
    picture = get_object_or_404(Picture.objects.public().select_related(*joined, "withdrawal"), pk=pk)
    context = {
        "picture": picture,
        "organisation": picture.job.project.organisation,
        "model": picture.job.model,
        "release": picture.release,
        "description": picture.release.decision.request.alt_text,
        "in_force": picture.state == PictureState.RELEASED,
        "withdrawal": getattr(picture, "withdrawal", None),
        "renditions": picture.release.renditions.filter(at__isnull=False),
    }
    return render(request, "studio/record.html", context)
