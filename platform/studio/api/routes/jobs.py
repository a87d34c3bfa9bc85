"""Requests for pictures: asking, asking what would become of it, watching, and changing one's mind."""

import re
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone
from ninja import File, Form, Router, Status, UploadedFile
from ninja.params.functions import Header

from studio.api import asking, events, finding, making, schemas, showing
from studio.api.authentication import ProgramRequest, makes, reads
from studio.api.routes import answers
from studio.api.routes.places import Cursor, Limit
from studio.jobs import actions
from studio.jobs.forms import AskForm
from studio.jobs.states import JobState
from studio.leaves import leaf

router = Router(tags=["Requests"])
MOST_WAIT_SECONDS = 60
KEY = Header(
    None,
    alias="Idempotency-Key",
    description="Of your choice, at most 80 characters. The same key with the same request is one request, however "
    "often it is sent; with another request it is refused.",
)
PREFER = Header(
    None,
    alias="Prefer",
    description=f"`wait=20` waits so many seconds, {MOST_WAIT_SECONDS} at most, until the pictures are recorded.",
)
EVENT = {
    "type": "object",
    "description": "An event: `job` with the request (JobOut) as JSON in `data`, or `end`.",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}, "retry": {"type": "integer"}},
}
PREFERRED = re.compile(r"(?:^|[,;\s])wait=(\d{1,3})(?:$|[,;\s])")


@router.post(
    "/jobs",
    response=answers({202: schemas.JobOut}, 400, 409, 413, 422),
    operation_id="make_pictures",
    url_name="jobs",
    auth=makes,
)
def make(
    request: ProgramRequest, ask: schemas.Ask, key: str | None = KEY, prefer: str | None = PREFER
) -> Status[dict[str, Any]]:
    """Ask for pictures. The words are screened first: a held request waits for a person, a blocked one says why.

    With `Prefer: wait=…` a request that is held is answered with 409 and its address.
    """
    return _made(request, asking.filled(request, ask, key=key), prefer)


@router.post(
    "/jobs/from-picture",
    response=answers({202: schemas.JobOut}, 400, 409, 413, 422),
    operation_id="make_pictures_from_picture",
    url_name="jobs-from-picture",
    auth=makes,
)
def make_from(
    request: ProgramRequest,
    ask: Form[schemas.AskFrom],
    reference: File[UploadedFile],
    key: str | None = KEY,
    prefer: str | None = PREFER,
) -> Status[dict[str, Any]]:
    """Ask for pictures that start from one of yours, with a word on its rights; not every model can."""
    return _made(request, asking.filled(request, ask, key=key, reference=reference), prefer)


def _made(request: ProgramRequest, form: AskForm, prefer: str | None) -> Status[dict[str, Any]]:
    found = PREFERRED.search(prefer or "")
    seconds = min(int(found[1]), MOST_WAIT_SECONDS) if found else 0
    job = making.made(request, form, seconds=seconds)
    return Status(202, showing.job(request, finding.job(request, job.pk)))


@router.post(
    "/jobs/dry-run",
    response=answers({200: schemas.DryRun}, 400, 413, 422),
    operation_id="dry_run",
    url_name="dry-run",
    auth=makes,
)
def dry_run(request: ProgramRequest, ask: schemas.Ask) -> dict[str, Any]:
    """What a request would cost, how it would stand in line, what the policy says, and which words the model does not
    know. Nothing is made and nothing is kept."""
    return asking.rehearsed(request, asking.filled(request, ask, key=None))


@router.get(
    "/jobs",
    response=answers({200: schemas.Jobs}, 422),
    operation_id="list_jobs",
    url_name="jobs",
    auth=reads,
)
def jobs(
    request: ProgramRequest,
    campaign: UUID | None = None,
    state: JobState | None = None,
    cursor: str = Cursor,
    limit: int = Limit,
) -> dict[str, Any]:
    """Requests, newest first; of one campaign or all, in one state or any."""
    wanted = {name: value for name, value in {"campaign": campaign, "state": state}.items() if value}
    found = leaf(finding.jobs(request).filter(**wanted), moment="submitted", cursor=cursor, limit=limit)
    return {"items": showing.jobs(request, found.rows), "next": found.after}


@router.get(
    "/jobs/{uuid:pk}",
    response=answers({200: schemas.JobOut}, 404),
    operation_id="get_job",
    url_name="job",
    auth=reads,
)
def job(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """One request and where it stands."""
    return showing.job(request, finding.job(request, pk))


@router.post(
    "/jobs/{uuid:pk}/cancel",
    response=answers({200: schemas.JobOut}, 404, 409),
    operation_id="cancel_job",
    url_name="cancel",
    auth=makes,
)
def cancel(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """Stop a request: at once while it waits, between two steps while it is made. One that has ended is a 409."""
    actions.cancel(actor=request.user, job=finding.job(request, pk), at=timezone.now())
    return showing.job(request, finding.job(request, pk))


@router.get(
    "/jobs/{uuid:pk}/events",
    response=answers({200: None}, 404),
    operation_id="watch_job",
    url_name="events",
    auth=reads,
    openapi_extra={"responses": {200: {"content": {"text/event-stream": {"schema": EVENT}}}}},
)
def watch(request: ProgramRequest, pk: UUID) -> StreamingHttpResponse:
    """Server-sent events: `job` with the request whenever it changed, `end` when it moves no more.

    Asking for the request itself now and then tells the same.
    """
    return events.stream(request, finding.job(request, pk).pk)
