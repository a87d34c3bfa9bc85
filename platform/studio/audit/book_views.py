"""The auditor's other pages: a picture's dossier, the integrity of the books, keys, and what a model was used for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Max, Min, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from studio import pipeline
from studio.accounts.models import Organisation, Role
from studio.accounts.rules import holds
from studio.audit.access import find_audited
from studio.audit.dossiers import dossier as dossier_of
from studio.audit.dossiers import find_pictures
from studio.audit.inspecting import ask_inspection
from studio.audit.models import Inspection, Recorded
from studio.audit.selecting import KINDS, names_in
from studio.catalogue.reading import find_model
from studio.jobs.models import Picture
from studio.jobs.states import VISIBLE
from studio.pages import MemberRequest

FILES = 4  # the invariant that is about stored files
INSPECTIONS = 10
SIGNED_KINDS = ("picture", "release", "rendition")


@login_required
@require_safe
def dossier(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One picture's whole record, to be read and to be printed."""
    mine = Picture.objects.all().for_actor(request.user)
    found = find_pictures(mine.filter(pk=pk).values_list("pk", flat=True))
    if not found:
        raise Http404
    picture = found[0]
    organisation = picture.job.project.organisation
    holds(request.user, organisation, Role.AUDITOR).enforce()
    context = {
        "organisation": organisation,
        "dossier": dossier_of(picture),
        "picture": picture,
        "job": picture.job,
        "shown": picture.state in VISIBLE,
        "now": timezone.now(),
    }
    return render(request, "studio/audit/dossier.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def integrity(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Whether the books still agree; a POST has them checked now."""
    organisation = find_audited(request, pk)
    if request.method == "POST":
        ask_inspection(actor=request.user, organisation=organisation, at=timezone.now())
        return redirect("integrity", pk=pk)
    return render(request, "studio/audit/integrity.html", _integrity(organisation))


@login_required
@never_cache
@require_safe
def integrity_progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the page that moves while books are checked; the whole page again once they are."""
    context = _integrity(find_audited(request, pk))
    if context["moving"] is None and request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    return render(request, "studio/audit/inspecting.html", context)


def _integrity(organisation: Organisation) -> dict[str, Any]:
    inspections = list(Inspection.objects.filter(organisation=organisation).select_related("asked_by")[:INSPECTIONS])
    done = [one for one in inspections if one.finished]
    last = next((one for one in done if not one.fault), None)
    return {
        "organisation": organisation,
        "moving": next((one for one in inspections if one.finished is None), None),
        "last": last,
        "failed": done[0] if done and done[0].fault else None,
        "files": [problem for problem in last.problems if problem[0] == FILES] if last else [],
        "others": [problem for problem in last.problems if problem[0] != FILES] if last else [],
        "done": done,
        "log": _log(organisation),
    }


def _log(organisation: Organisation) -> dict[str, Any] | None:
    """Where the log stands; None when it cannot be read."""
    try:
        standing = pipeline.log_standing(organisation.log)
        note, stamp = pipeline.last_checkpoint(organisation.log), pipeline.last_stamp(organisation.log)
    except pipeline.ProvenanceError:
        return None
    return {"standing": standing, "root": note.split("\n")[2] if note else "", "stamp": stamp, "note": note}


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A signing certificate, how many days it has left, and what was recorded while it signed."""

    leaf: pipeline.Leaf
    days_left: int
    since: int | None
    signed: Sequence[tuple[str, int]]


@login_required
@require_safe
def keys(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Which keys sign and signed, until when, and which were taken back."""
    organisation = find_audited(request, pk)
    context: dict[str, Any] = {"organisation": organisation, "fault": ""}
    try:
        now = timezone.now()
        context |= {
            "lines": _key_lines(organisation, pipeline.leaves(organisation.slug), now=now),
            "vkeys": pipeline.checkpoint_vkeys(organisation.log),
            "roots": pipeline.root_fingerprints(),
            "findings": pipeline.key_standing(organisation.slug, now=now).findings,
        }
    except pipeline.ProvenanceError as error:
        context["fault"] = str(error)
    return render(request, "studio/audit/keys.html", context)


def _key_lines(organisation: Organisation, leaves: Sequence[pipeline.Leaf], *, now: datetime) -> list[KeyLine]:
    """Each key's stretch of the log goes from the entry that put it in use to the one that put the next.

    The first key's goes from the log's beginning: it signs before the ledger is told of it.
    """
    begins = _in_use(organisation)
    places = sorted(begins.values())
    lines = []
    for leaf in leaves:
        since = begins.get(leaf.key_id)
        until = next((place for place in places if since is not None and place > since), None)
        start = 0 if since is not None and since == places[0] else since
        lines.append(KeyLine(leaf, (leaf.expires - now).days, since, _signed(organisation, start, until)))
    return lines


def _in_use(organisation: Organisation) -> dict[str, int]:
    """At which place of the log each key came into use."""
    rows = Recorded.objects.filter(organisation=organisation, kind="key", outcome="in use").order_by("sequence")
    places = list(rows.values_list("sequence", flat=True))
    found: dict[str, int] = {}
    for entry in pipeline.entries_at(organisation.log, places):
        found.setdefault(str(entry.body.get("key", "")), entry.sequence)
    return found


def _signed(organisation: Organisation, since: int | None, until: int | None) -> list[tuple[str, int]]:
    if since is None:
        return []
    rows = Recorded.objects.filter(organisation=organisation, kind__in=SIGNED_KINDS, sequence__gte=since)
    rows = rows.filter(sequence__lt=until) if until is not None else rows
    return _counted(rows)


def _counted(rows: QuerySet[Recorded]) -> list[tuple[str, int]]:
    """How many entries of each kind there are."""
    return sorted(rows.order_by().values_list("kind").annotate(n=Count("*")))


@login_required
@require_safe
def model_uses(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What a model, and every model that was taught from it, was used for."""
    model = find_model(request, pk)
    organisation = model.organisation
    holds(request.user, organisation, Role.AUDITOR).enforce()
    heirs = list(model.heirs.order_by("registered"))
    entries = Recorded.objects.filter(organisation=organisation, model__in=[one.digest for one in [model, *heirs]])
    names = names_in(organisation)["campaign"]
    campaigns = (
        entries.filter(kind="picture")
        .order_by()
        .values("campaign")
        .annotate(n=Count("*"), first=Min("at"), last=Max("at"))
    )
    context = {
        "organisation": organisation,
        "model": model,
        "heirs": [one for one in heirs if one.pk != model.pk],
        "kinds": [(KINDS.get(kind, kind), n) for kind, n in _counted(entries) if kind != "picture"],
        "campaigns": [
            {**row, "name": names.get(row["campaign"], row["campaign"])}
            for row in sorted(campaigns, key=lambda row: -row["n"])
        ],
    }
    return render(request, "studio/audit/model_uses.html", context)
