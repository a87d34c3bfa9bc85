"""The filter-quality report on the desk: a page to read, and its rulings as a file to choose thresholds by."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from studio.accounts.models import Organisation
from studio.pages import MemberRequest
from studio.review import quality
from studio.site import QUALITY_READERS, organisations_as, site

PERIODS = (7, 30, 90, 365)
USUAL = 90


@require_safe
def page(request: MemberRequest) -> HttpResponse:
    """The report of one organisation over one period."""
    organisations, chosen, days = _asked(request)
    context: dict[str, Any] = {
        "title": _("How well the screens do"),
        "organisations": organisations,
        "organisation": chosen,
        "days": days,
        "periods": PERIODS,
        "report": quality.report(chosen, since=_since(days)),
    }
    return render(request, "admin/desk/quality.html", site.each_context(request) | context)


@require_safe
def rows(request: MemberRequest) -> StreamingHttpResponse:
    """The rulings as JSON Lines: scores and labels, no words."""
    _, chosen, days = _asked(request)
    lines = (json.dumps(row) + "\n" for row in quality.calibration(chosen, since=_since(days)))
    name = f"rulings-{chosen.slug}-{days}-days.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="application/jsonl", headers=headers)


def _asked(request: MemberRequest) -> tuple[list[Organisation], Organisation, int]:
    """The organisations the person may read, the one asked for, and the days. Raises PermissionDenied for none."""
    organisations = list(organisations_as(request.user, QUALITY_READERS).order_by("name"))
    if not organisations:
        raise PermissionDenied(_("The report is for reviewers, auditors and administrators."))
    wanted = request.GET.get("organisation", "")
    chosen = next((one for one in organisations if one.slug == wanted), organisations[0])
    days = request.GET.get("days", "")
    return organisations, chosen, int(days) if days in map(str, PERIODS) else USUAL


def _since(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


urlpatterns = [
    path("desk/screens/", site.admin_view(page), name="quality"),
    path("desk/screens/rulings.jsonl", site.admin_view(rows), name="quality-rows"),
]
