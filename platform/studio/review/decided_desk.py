"""What a reviewer decided themselves, newest first: about pictures in review, and about what a screen held.

Reading only, and only where they may still read. It is no register of everybody's decisions; that is for auditors.
"""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from studio.jobs.states import VISIBLE
from studio.leaves import Leaf, leaf
from studio.pages import MemberRequest
from studio.review.flags import flags_of
from studio.review.models import HoldRuling, ReviewDecision
from studio.review.readers import Reader, reader
from studio.site import site

A_LEAF = 30
HELD = "held"


@dataclass(frozen=True, slots=True)
class Line:
    """A decision in the list. `shown` says that its picture may be shown as it is: it has a file, and no flag."""

    decision: ReviewDecision | HoldRuling
    shown: bool = False
    flagged: bool = False


@require_safe
def decided(request: MemberRequest) -> HttpResponse:
    """One leaf of it, day by day."""
    who, held = reader(request.user), request.GET.get("of") == HELD
    found = _leaf(_rulings(who) if held else _decisions(who), request.GET.get("cursor"))
    older = {"of": HELD} if held else {}
    context = {
        "title": _("What I decided"),
        "held": held,
        "days": _days([Line(one) for one in found.rows] if held else _lines(found.rows), today=timezone.now().date()),
        "older": urlencode(older | {"cursor": found.after}) if found.after else "",
        "reviews": bool(who.reviews_in),
    }
    return render(request, "admin/desk/decided.html", site.each_context(request) | context)


def _decisions(who: Reader) -> QuerySet[ReviewDecision]:
    joined = ("stage", "request", "picture__job__campaign", "picture__job__project")
    rows = ReviewDecision.objects.filter(reviewer=who.user, request__organisation__in=who.organisations)
    return rows.select_related(*joined).defer("picture__recipe", "picture__process", "picture__job__words")


def _rulings(who: Reader) -> QuerySet[HoldRuling]:
    rows = HoldRuling.objects.filter(reviewer=who.user, job__project__organisation__in=who.organisations)
    return rows.select_related("picture", "job__campaign", "job__project").defer("picture__recipe", "job__words")


def _leaf(rows: QuerySet[Any], cursor: str | None) -> Leaf[Any]:
    """A cursor that is none of ours begins at the newest."""
    try:
        return leaf(rows, moment="at", cursor=cursor, limit=A_LEAF)
    except ValidationError:
        return leaf(rows, moment="at", cursor=None, limit=A_LEAF)


def _lines(decisions: list[ReviewDecision]) -> list[Line]:
    flags = flags_of([one.picture for one in decisions])
    return [
        Line(one, shown=one.picture.state in VISIBLE and one.picture_id not in flags, flagged=one.picture_id in flags)
        for one in decisions
    ]


def _days(lines: list[Line], *, today: date) -> list[tuple[date, bool, list[Line]]]:
    """The lines by their days: the day, whether it is today, and what was decided on it."""

    def day(line: Line) -> date:
        at: datetime = line.decision.at
        return at.date()

    return [(when, when == today, list(found)) for when, found in groupby(lines, key=day)]


urlpatterns = [path("desk/decided/", site.admin_view(decided), name="decided")]
