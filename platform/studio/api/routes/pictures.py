"""Pictures that are signed and recorded: lists, files, and the report on where each comes from."""

from typing import Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from studio.api import finding, reporting, schemas, showing
from studio.api.authentication import ProgramRequest, reads
from studio.api.routes import answers
from studio.api.routes.places import Cursor, Limit
from studio.jobs.states import PictureState
from studio.leaves import leaf
from studio.review.views import FILES, SUFFIXES, send_file

router = Router(tags=["Pictures"], auth=reads)
FILE = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in SUFFIXES}


@router.get(
    "/pictures", response=answers({200: schemas.Pictures}, 422), operation_id="list_pictures", url_name="pictures"
)
def pictures(
    request: ProgramRequest,
    campaign: UUID | None = None,
    project: UUID | None = None,
    job: UUID | None = None,
    state: PictureState | None = None,
    cursor: str = Cursor,
    limit: int = Limit,
) -> dict[str, Any]:
    """Pictures whose files may be shown, newest first."""
    asked = {"campaign": campaign, "project": project, "job": job, "state": state}
    rows = finding.pictures(request).filter(**{name: value for name, value in asked.items() if value})
    found = leaf(rows, moment="created", cursor=cursor, limit=limit)
    return {"items": [showing.picture(request, one) for one in found.rows], "next": found.after}


@router.get(
    "/pictures/{uuid:pk}",
    response=answers({200: schemas.PictureOut}, 404),
    operation_id="get_picture",
    url_name="picture",
)
def picture(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """One picture."""
    return showing.picture(request, finding.picture(request, pk))


@router.get(
    "/pictures/{uuid:pk}/files/{kind}",
    response=answers({200: None}, 404, 422),
    operation_id="get_file",
    url_name="file",
    openapi_extra={"responses": {200: {"content": FILE}}},
)
def file(request: ProgramRequest, pk: UUID, kind: Literal["signed", "released"]) -> HttpResponse:
    """A file with its credentials inside: `signed` as it was recorded, which is not for publishing; or `released`."""
    found = finding.picture(request, pk)
    sha256, media_type = FILES[kind](request, found.pk)
    return send_file(f"{pk}-{kind}", sha256, media_type, download=True)


@router.get(
    "/pictures/{uuid:pk}/provenance",
    response=answers({200: schemas.Provenance}, 404),
    operation_id="get_provenance",
    url_name="provenance",
)
def provenance(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """Where the picture comes from: recipe, model, policy, decisions, and its entries in the ledger."""
    return reporting.provenance(request, finding.picture(request, pk))
