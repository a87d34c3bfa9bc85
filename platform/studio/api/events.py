"""Where a request stands, as it changes, for the program that asked: `studio.streams` over the request as JSON.

Events: `job` with the request whenever it changed; `end` when it moves no more, or may be seen no longer. Token and
roles are looked at each time too.
"""

from uuid import UUID

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from studio import streams
from studio.api import finding, refusals, schemas, showing
from studio.api.authentication import ProgramRequest
from studio.api.models import ApiToken

FULL_SECONDS = 10


def stream(request: ProgramRequest, pk: UUID) -> StreamingHttpResponse:
    """The events of a request that was found. Raises Refusal when too many streams are open."""
    try:
        return streams.stream(request, lambda: _looked(request, pk), event="job")
    except streams.FullError as error:
        reason = _("Too many streams are open here; ask again in %(seconds)s seconds, or ask for the request.")
        raise refusals.wait(
            "too-many-streams", reason % {"seconds": FULL_SECONDS}, retry_after_s=FULL_SECONDS
        ) from error


def _looked(request: ProgramRequest, pk: UUID) -> tuple[str, bool]:
    """The request as JSON, and whether it moves; nothing once the token has ended or the request is gone from view."""
    try:
        if not ApiToken.objects.live(timezone.now()).filter(pk=request.auth.pk).exists():
            return "", False
        shown = schemas.JobOut.model_validate(showing.job(request, finding.job(request, pk)))
    except Http404:
        return "", False
    return shown.model_dump_json(), shown.moving
