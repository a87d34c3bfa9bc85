"""The register: everything an organisation's log recorded, newest first, filtered and leafed through by place.

A page is found by the place where it begins, never by counting to it, so the last page of a long log costs what the
first one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from studio import pipeline
from studio.accounts.models import Organisation
from studio.audit.access import audited_by, find_audited
from studio.audit.models import Recorded, SavedFilter
from studio.audit.registering import registered
from studio.audit.selecting import KINDS, OUTCOMES, RegisterForm, in_words, select
from studio.jobs.models import Picture
from studio.jobs.states import VISIBLE, PictureState
from studio.pages import MemberRequest

ROWS_A_PAGE = 50
# Pictures that have no entry yet.
UNDERWAY = (PictureState.GENERATED, PictureState.QUARANTINED, PictureState.CHECKED, PictureState.SIGNED)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the register: its rows, and the places before and after which there are more; None where not."""

    rows: Sequence[Recorded]
    newer: int | None
    older: int | None


@login_required
@require_safe
def books(request: MemberRequest) -> HttpResponse:
    """The one organisation whose books the person reads, or a choice of them."""
    mine = list(audited_by(request.user))
    if len(mine) == 1:
        return redirect("register", pk=mine[0].pk)
    return render(request, "studio/audit/books.html", {"organisations": mine})


@login_required
@require_safe
def register(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A page of the register."""
    organisation = find_audited(request, pk)
    form = RegisterForm(request.GET if request.GET else None, organisation=organisation)
    scope = form.scope()
    # A filter that does not hold shows nothing, and says why: everything would look like its answer.
    rows = Recorded.objects.none() if form.errors else select(organisation, scope)
    page = leaf(rows, before=_place(request, "before"), after=_place(request, "after"))
    known, size = registered(organisation), _size(organisation)
    context = {
        "organisation": organisation,
        "form": form,
        "scope": in_words(scope, form.names),
        "query": urlencode(scope),
        "leaf": page,
        "lines": lines(page.rows, form.names),
        "size": known,
        "behind": None if size is None else max(size - known, 0),
        "underway": _underway(organisation),
        "saved": [
            (one, urlencode(one.scope))
            for one in SavedFilter.objects.filter(organisation=organisation, owner=request.user)
        ],
    }
    return render(request, "studio/audit/register.html", context)


def leaf(rows: QuerySet[Recorded], *, before: int | None, after: int | None) -> Leaf:
    """The page of rows older than `before`, or newer than `after`, or the newest; one more is read than is shown."""
    if after is not None:
        found = list(rows.filter(sequence__gt=after).order_by("sequence")[: ROWS_A_PAGE + 1])
        if shown := found[ROWS_A_PAGE - 1 :: -1]:
            return Leaf(shown, shown[0].sequence if len(found) > len(shown) else None, shown[-1].sequence)
    older = rows.filter(sequence__lt=before) if before is not None else rows
    found = list(older.order_by("-sequence")[: ROWS_A_PAGE + 1])
    shown = found[:ROWS_A_PAGE]
    newer = shown[0].sequence if shown and before is not None else None
    return Leaf(shown, newer, shown[-1].sequence if len(found) > len(shown) else None)


def lines(rows: Sequence[Recorded], names: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """What the register shows of each row: names for ids, and where its picture stands now."""
    keys = {row.picture for row in rows if row.picture}
    pictures = Picture.objects.only("pk", "state", "index").in_bulk(list(keys))
    return [
        {
            "row": row,
            "kind": KINDS.get(row.kind, row.kind),
            "outcome": OUTCOMES.get(row.outcome, row.outcome),
            "picture": (picture := pictures.get(row.picture) if row.picture else None),
            "shown": picture is not None and picture.state in VISIBLE,
            "project": names["project"].get(str(row.project), ""),
            "campaign": names["campaign"].get(str(row.campaign), ""),
            "model": names["model"].get(row.model, row.model[:12]),
            "policy": names["policy"].get(row.policy, row.policy[:12]),
            "maker": names["maker"].get(str(row.maker), ""),
        }
        for row in rows
    ]


def _place(request: MemberRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def _size(organisation: Organisation) -> int | None:
    """The log's entries; None when it cannot be read, and what was registered is shown all the same."""
    try:
        return pipeline.log_size(organisation.log)
    except pipeline.ProvenanceError:
        return None


def _underway(organisation: Organisation) -> list[tuple[str, int]]:
    """Pictures without an entry: where they stand, and how many."""
    pictures = Picture.objects.filter(state__in=UNDERWAY, organisation=organisation)
    found = dict(pictures.order_by().values_list("state").annotate(n=Count("*")))
    return [(str(PictureState(state).label), found[state]) for state in UNDERWAY if state in found]


@login_required
@require_POST
def save_filter(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep the filters that are set under a name; the same name again replaces them."""
    organisation = find_audited(request, pk)
    form = RegisterForm(request.POST, organisation=organisation)
    name, scope = request.POST.get("name", "").strip()[:60], form.scope()
    if name and scope:
        mine = SavedFilter.objects.filter(organisation=organisation, owner=request.user, name=name)
        if not mine.update(scope=scope):
            SavedFilter.objects.create(organisation=organisation, owner=request.user, name=name, scope=scope)
        messages.success(request, _("The filter is kept, for you alone."))
    else:
        messages.error(request, _("Set at least one filter and give it a name; then it can be kept."))
    return redirect(f"{reverse('register', args=[pk])}?{urlencode(scope)}")


@login_required
@require_POST
def drop_filter(request: MemberRequest, pk: UUID, saved: int) -> HttpResponse:
    """Forget one of the person's own filters."""
    organisation = find_audited(request, pk)
    get_object_or_404(SavedFilter, pk=saved, organisation=organisation, owner=request.user).delete()
    return redirect("register", pk=organisation.pk)
