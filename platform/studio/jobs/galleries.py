"""The pages of a project, a campaign and a model: pictures large and first, then where they come from."""

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from studio import pipeline
from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.catalogue.cards import rendered
from studio.catalogue.models import Lesson, Material
from studio.catalogue.reading import find_model, keeps, teachable
from studio.jobs import actions, words
from studio.jobs.gallery import leaf_of, pictures_of
from studio.jobs.models import Job, Picture
from studio.jobs.reading import find_campaign, find_project
from studio.jobs.states import VISIBLE, JobState, PictureState
from studio.pages import MemberRequest
from studio.projects.models import Campaign

PICTURES_A_PAGE = 24
REQUESTS_A_PAGE = 10
MATERIALS_A_PAGE = 50


@login_required
@require_safe
def project(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A project: its newest pictures, its campaigns, its policy and budget."""
    found = find_project(request, pk)
    pictures = pictures_of(request.user, found.organisation).filter(project=found).select_related("job")
    roles = roles_of(request.user, found.organisation)
    context = {
        "project": found,
        "pictures": pictures.order_by("-created", "-pk").defer("recipe", "process", "job__words")[:8],
        "campaigns": found.campaigns.annotate(asked=Count("jobs")).order_by("-created"),
        "policy": found.policies.select_related("approver").first(),
        "spent": actions.spent(found),
        "roles": roles,
        "may_open": bool(roles & {Role.CREATOR, Role.ADMINISTRATOR}),
    }
    return render(request, "studio/project.html", context)


@login_required
@require_safe
def campaign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A campaign: its pictures, filtered by state, then the requests they came from."""
    found = find_campaign(request, pk)
    pictures = pictures_of(request.user, found.project.organisation).filter(campaign=found)
    jobs = Job.objects.filter(campaign=found).select_related("model", "requester__user")
    state, asked = request.GET.get("state", ""), request.GET.get("requests", "")
    shown = pictures.filter(state=state) if state in VISIBLE else pictures
    listed = jobs.filter(state=asked) if asked in JobState.values else jobs
    cards = leaf_of(shown, request.user, "")
    leaf = _leaf(request, listed.order_by("-submitted"), "sheet", REQUESTS_A_PAGE)
    _open_own(request, leaf)
    context = {
        "campaign": found,
        "leaf": cards,
        "older": _older(found, state, cards.after),
        "picture_counts": _visible_counts(found),
        "state": state,
        "jobs": leaf,
        "job_counts": _counts(jobs, JobState),
        "asked": asked,
        "may_create": Role.CREATOR in roles_of(request.user, found.project.organisation),
    }
    return render(request, "studio/campaign.html", context)


def _older(campaign: Campaign, state: str, cursor: str | None) -> str:
    """Where the gallery goes on after the campaign's first leaf; empty when that was all."""
    if cursor is None:
        return ""
    wanted = {"organisation": campaign.project.organisation.slug, "campaign": campaign.pk, "cursor": cursor}
    return urlencode(wanted | ({"state": state} if state in VISIBLE else {}))


@login_required
@require_safe
def model(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A model: its card, its digests, what taught it, who decided about it, and what it made."""
    found = find_model(request, pk)
    pictures = Picture.objects.visible_to(request.user).made_by(found).select_related("job")
    newest = pictures.order_by("-created", "-pk").defer("recipe", "process", "job__words")
    context = {
        "model": found,
        "card": rendered(pipeline.card_text(Path(found.folder))),
        "decisions": found.decisions.select_related("custodian"),
        "lesson": Lesson.objects.filter(model=found).first(),
        "materials": Paginator(found.materials.all(), MATERIALS_A_PAGE).get_page(request.GET.get("data")),
        "inherited": Material.objects.filter(model__heirs=found).exclude(model=found).count(),
        "packages": found.materials.filter(sha256="").exists(),
        "children": found.children.order_by("-registered"),
        "pictures": newest[:PICTURES_A_PAGE],
        "may_decide": keeps(request, found),
        "teachable": teachable(found),
    }
    return render(request, "studio/model.html", context)


def _leaf(request: MemberRequest, rows: "QuerySet[Job]", name: str, size: int) -> "Page[Any]":
    return Paginator(rows, size).get_page(request.GET.get(name))


def _open_own(request: MemberRequest, leaf: "Page[Any]") -> None:
    """Put the person's own words beside their own requests, by which they know them apart."""
    keys = words.keys_of(request.user)
    for job in leaf:
        key = keys.get(job.requester_id)
        if key is not None:
            with suppress(words.ErasedError):
                job.typed = words.open_words(job, key=key).prompt


def _visible_counts(campaign: Campaign) -> list[tuple[str, str, int]]:
    """The same for a campaign's pictures that may be shown.

    Asked by the campaign alone, the database goes from its requests to their pictures; asked by state as well, it would
    look through everybody's.
    """
    found = _counts(Picture.objects.filter(campaign=campaign), PictureState)
    return [count for count in found if count[0] in VISIBLE]


def _counts(
    rows: "QuerySet[Picture] | QuerySet[Job]", states: type[JobState] | type[PictureState]
) -> list[tuple[str, str, int]]:
    """State, its word and how many, in the order of a row's life."""
    found = dict(rows.order_by().values_list("state").annotate(n=Count("*")))
    return [(state.value, str(state.label), found[state.value]) for state in states if state.value in found]
