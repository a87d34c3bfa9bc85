"""Where a program may work: its token, the organisation, its projects with their policies, campaigns and models."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from ninja import Router
from ninja.params.functions import Query

from studio.accounts.rules import organisations_of, roles_of
from studio.api import finding, schemas, showing
from studio.api.authentication import ProgramRequest, organisation_of, reads
from studio.api.routes import answers
from studio.leaves import leaf

router = Router(tags=["Places"], auth=reads)
Limit = Query(50, ge=1, le=100)
Cursor = Query("", max_length=200)


@router.get("/me", response=answers({200: schemas.TokenOut}), operation_id="whoami", url_name="me")
def me(request: ProgramRequest) -> dict[str, Any]:
    """The token in use, whose it is, and what they may do at this moment."""
    return showing.token(request, roles_of(request.user, organisation_of(request)))


@router.get(
    "/organisations",
    response=answers({200: schemas.Organisations}),
    operation_id="list_organisations",
    url_name="organisations",
)
def organisations(request: ProgramRequest) -> dict[str, Any]:
    """The token's organisation, as long as its owner holds a role there."""
    mine = organisations_of(request.user).filter(pk=organisation_of(request).pk)
    return {"items": [showing.organisation(one) for one in mine]}


@router.get("/projects", response=answers({200: schemas.Projects}), operation_id="list_projects", url_name="projects")
def projects(request: ProgramRequest) -> dict[str, Any]:
    """All projects, by name."""
    return {"items": [showing.project(request, one) for one in finding.projects(request)]}


@router.get(
    "/projects/{uuid:pk}",
    response=answers({200: schemas.ProjectOut}, 404),
    operation_id="get_project",
    url_name="project",
)
def project(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """One project."""
    return showing.project(request, get_object_or_404(finding.projects(request), pk=pk))


@router.get(
    "/projects/{uuid:pk}/policy",
    response=answers({200: schemas.PolicyOut}, 404),
    operation_id="get_policy",
    url_name="policy",
)
def policy(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """The policy in force, by the digest that manifests and ledger entries carry."""
    version = get_object_or_404(finding.projects(request), pk=pk).policies.first()
    if version is None:
        raise Http404
    return showing.policy(request, version)


@router.get(
    "/campaigns", response=answers({200: schemas.Campaigns}, 422), operation_id="list_campaigns", url_name="campaigns"
)
def campaigns(
    request: ProgramRequest, project: UUID | None = None, cursor: str = Cursor, limit: int = Limit
) -> dict[str, Any]:
    """Campaigns, newest first; of one project, or of all."""
    rows = finding.campaigns(request)
    rows = rows.filter(project=project) if project else rows
    found = leaf(rows, moment="created", cursor=cursor, limit=limit)
    return {"items": [showing.campaign(request, one) for one in found.rows], "next": found.after}


@router.get(
    "/campaigns/{uuid:pk}",
    response=answers({200: schemas.CampaignOut}, 404),
    operation_id="get_campaign",
    url_name="campaign",
)
def campaign(request: ProgramRequest, pk: UUID) -> dict[str, Any]:
    """One campaign."""
    return showing.campaign(request, get_object_or_404(finding.campaigns(request), pk=pk))


@router.get("/models", response=answers({200: schemas.Models}), operation_id="list_models", url_name="models")
def models(request: ProgramRequest) -> dict[str, Any]:
    """The models that may be asked for pictures; the first is taken where a request names none."""
    return {"items": [showing.model(request, one) for one in finding.models(request)]}
