"""The pages of representation reports: asking for one, watching it being measured, reading it, taking it along."""

import io
import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from studio import blobs, pipeline
from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.jobs.models import Job, Picture
from studio.jobs.reading import find_campaign, find_project
from studio.jobs.states import JOB_ENDS
from studio.pages import MemberRequest, attempt
from studio.portrayals.actions import EACH, ask_portrayal, draw_grid
from studio.portrayals.forms import ChecklistForm, GridForm
from studio.portrayals.measuring import shown_by
from studio.portrayals.models import Portrayal, Sitting
from studio.portrayals.rating import NAMES, compared, disputed, rate, raters_of, to_rate
from studio.projects.models import Campaign, Project

READERS = (Role.REVIEWER, Role.ADMINISTRATOR, Role.AUDITOR)
ASKERS = {Role.REVIEWER, Role.ADMINISTRATOR}
SHOWN_OF_A_GROUP = 8


@login_required
@require_http_methods(["GET", "POST"])
def of_project(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The reports of a project; a POST asks for one over its pictures."""
    return _reports(request, find_project(request, pk), None)


@login_required
@require_http_methods(["GET", "POST"])
def of_campaign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The reports of a campaign; a POST asks for one over its pictures, or over a grid drawn in it."""
    campaign = find_campaign(request, pk)
    return _reports(request, campaign.project, campaign)


def _reports(request: MemberRequest, project: Project, campaign: Campaign | None) -> HttpResponse:
    roles = roles_of(request.user, project.organisation)
    drawing = "draw" in request.POST
    form = GridForm(request.POST if drawing else None, campaign=campaign) if campaign else None
    status: int = HTTPStatus.OK
    if request.method == "POST":
        asked, status = _ask(request, project, campaign, form if drawing else None)
        if asked:
            return redirect("portrayal", pk=asked.pk)
    mine = Portrayal.objects.for_actor(request.user, *READERS).filter(project=project)
    context = {
        "project": project,
        "campaign": campaign,
        "portrayals": (mine.filter(campaign=campaign) if campaign else mine).select_related("campaign", "asked_by"),
        "visible": _visible(request, project, campaign),
        "form": form,
        "each": EACH,
        "may_ask": bool(roles & ASKERS),
        "may_read": bool(roles & set(READERS)),
        "may_draw": Role.CREATOR in roles and form is not None and form.model is not None,
    }
    return render(request, "studio/portrayals.html", context, status=status)


def _visible(request: MemberRequest, project: Project, campaign: Campaign | None) -> int:
    pictures = Picture.objects.visible_to(request.user).filter(project=project)
    return (pictures.filter(campaign=campaign) if campaign else pictures).count()


def _ask(
    request: MemberRequest, project: Project, campaign: Campaign | None, form: GridForm | None
) -> tuple[Portrayal | None, int]:
    """What was asked for; None, with the answer's status, where the grid's form has to be mended."""
    now = timezone.now()
    if form is None:
        return ask_portrayal(actor=request.user, project=project, campaign=campaign, at=now), HTTPStatus.OK
    if campaign is None or form.model is None or not form.is_valid():
        return None, HTTPStatus.UNPROCESSABLE_ENTITY
    model, asked = form.model, list[Portrayal]()
    status = attempt(
        form,
        lambda: asked.append(
            draw_grid(actor=request.user, campaign=campaign, model=model, at=now, **form.cleaned_data)
        ),
    )
    return (asked[0] if asked else None), status


def find_portrayal(request: MemberRequest, pk: UUID) -> Portrayal:
    """A report that the person may read, or 404."""
    mine = Portrayal.objects.for_actor(request.user, *READERS)
    return get_object_or_404(mine.select_related("project__organisation", "campaign", "asked_by"), pk=pk)


@login_required
@require_safe
def portrayal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One report: on its way, or done."""
    found = find_portrayal(request, pk)
    context: dict[str, Any] = {"portrayal": found, "standing": _standing(found)}
    if found.report:
        plots = pipeline.portrayal_plots(found.report)
        context |= {
            "report": found.report,
            "share_tables": [found.report["shares"]["marker"], found.report["shares"]["role"]],
            "plots": plots,
            "roles": [role | plots["by_role"][role["role"]] for role in found.report["roles"]],
            "compared": any(role["unmarked_to"] or role["spread"] for role in found.report["roles"]),
            "groups": _groups(request, found),
            "seen": _seen(request, found),
        }
    return render(request, "studio/portrayal.html", context)


def _seen(request: MemberRequest, found: Portrayal) -> dict[str, Any]:
    """What two people saw, the pictures on which they disagree, and whether this person may still be one of the two."""
    raters = raters_of(found)
    roles = roles_of(request.user, found.project.organisation)
    visible = set(Picture.objects.visible_to(request.user).values_list("pk", flat=True)) if raters else set()
    return {
        "raters": raters,
        "items": compared(found) if len(raters) == len(NAMES) else [],
        "disputed": [one for one in disputed(to_rate(found)) if one.picture_id in visible],
        "may_answer": bool(roles & ASKERS) and request.user not in raters and len(raters) < len(NAMES),
    }


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def checklist(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The checklist: what one of two people sees in some of a report's pictures."""
    found = find_portrayal(request, pk)
    sittings = to_rate(found)
    form = ChecklistForm(request.POST or None, sittings=sittings)
    status: int = HTTPStatus.OK
    if request.method == "POST" and form.is_valid():
        status = attempt(form, lambda: rate(actor=request.user, portrayal=found, seen=form.seen(), at=timezone.now()))
        if status == HTTPStatus.OK:
            return redirect("portrayal", pk=found.pk)
    elif ASKERS.isdisjoint(roles_of(request.user, found.project.organisation)):
        raise PermissionDenied
    context = {"portrayal": found, "form": form, "boxes": form.boxes()}
    return render(request, "studio/portrayal_checklist.html", context, status=status)


def _standing(found: Portrayal) -> dict[str, int]:
    """How far a report is: pictures measured, and for a grid requests drawn."""
    if found.finished:
        return {}
    jobs = Job.objects.filter(drawn__portrayal=found)
    return {
        "requests": jobs.count(),
        "drawn": jobs.filter(state__in=JOB_ENDS).count(),
        "pictures": found.sittings.count(),
        "measured": found.sittings.filter(measured=True).count(),
    }


def _groups(request: MemberRequest, found: Portrayal) -> list[dict[str, Any]]:
    """Some pictures of each role and group that this person may see, evenly taken, and how many there are."""
    groups: dict[tuple[str, str], list[Picture]] = {}
    for sitting in _sittings(request, found):
        groups.setdefault((sitting.role, sitting.marker), []).append(sitting.picture)
    return [
        {"role": role, "marker": marker, "number": len(members), "pictures": _some(members)}
        for (role, marker), members in sorted(groups.items(), key=_in_order)
    ]


def _in_order(group: tuple[tuple[str, str], list[Picture]]) -> tuple[str, bool, str]:
    """By role; in each, first the pictures for which nobody was named."""
    (role, marker), _ = group
    return role, marker != pipeline.UNMARKED, marker


def _sittings(request: MemberRequest, found: Portrayal) -> list[Sitting]:
    """The report's pictures that may be shown now: one that was withdrawn since, or rejected, is still a member's."""
    visible = Picture.objects.visible_to(request.user)
    return list(found.sittings.filter(picture__in=visible).select_related("picture__job"))


def _some(members: list[Picture]) -> list[Picture]:
    return members[:: max(1, -(-len(members) // SHOWN_OF_A_GROUP))]


@login_required
@never_cache
@require_safe
def progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the page that moves while a report is made; the whole page again once it is done."""
    found = find_portrayal(request, pk)
    if found.finished and request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    context = {"portrayal": found, "standing": _standing(found)}
    return render(request, "studio/parts/portraying.html", context)


@login_required
@require_safe
def as_file(request: MemberRequest, pk: UUID, kind: str) -> HttpResponse:
    """The report to take along: its numbers as JSON, or a page with plots and pictures that needs nothing else."""
    found = find_portrayal(request, pk)
    if not found.report:
        raise Http404(_("There is no report yet."))
    report = found.report | {"checklist": compared(found)}
    if kind == "json":
        text, media = json.dumps(report, indent=2, ensure_ascii=False), "application/json"
    else:
        text, media = _whole_page(request, found, report), "text/html"
    name = f"representation-{found.project.slug}-{found.asked:%Y-%m-%d}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=f"{media}; charset=utf-8", headers=headers)


def _whole_page(request: MemberRequest, found: Portrayal, report: dict[str, Any]) -> str:
    from PIL import Image

    sittings = _sittings(request, found)
    files = {str(sitting.picture_id): sitting.picture.sha256 for sitting in sittings}
    return pipeline.portrayal_page(
        report,
        [shown_by(sitting) for sitting in sittings],
        open_=lambda name: Image.open(io.BytesIO(blobs.get(files[name]))),
    )
