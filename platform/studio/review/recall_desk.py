"""Recalls on the desk: what could be recalled, what that would do, and how far a recall has come."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from studio.accounts.models import Organisation
from studio.pages import MemberRequest, attempt
from studio.review import recalling
from studio.review.forms import WithdrawForm
from studio.review.models import Recall
from studio.site import organisations_as, site


def _kept_by(request: MemberRequest) -> list[Organisation]:
    """The organisations whose releases the person may recall. Raises PermissionDenied for none."""
    found = list(organisations_as(request.user, recalling.KEEPERS).order_by("name"))
    if not found:
        raise PermissionDenied(_("Recalls are for custodians and administrators."))
    return found


@require_safe
def recalls(request: MemberRequest) -> HttpResponse:
    """Everything that could be recalled, and what was."""
    organisations = _kept_by(request)
    context = {
        "title": _("Recalls"),
        "places": [(one, recalling.origins(one)) for one in organisations],
        "recalls": Recall.objects.filter(organisation__in=organisations).select_related("asked_by", "organisation"),
        "several": len(organisations) > 1,
    }
    return _page(request, "admin/desk/recalls.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: MemberRequest, slug: str, kind: str, target: str) -> HttpResponse:
    """What a recall would do; and asking for it."""
    organisation = next((one for one in _kept_by(request) if one.slug == slug), None)
    if organisation is None or kind not in Recall.Kind.values:
        raise Http404(_("No such recall."))
    try:
        seen = recalling.preview(organisation, kind, target)
    except ValidationError as error:
        raise Http404(_("No such recall.")) from error
    if seen.earlier is not None:
        return redirect("admin:recall", seen.earlier.pk)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    made: list[Recall] = []
    if form.is_valid():
        status = attempt(
            form,
            lambda: made.append(
                recalling.ask_recall(
                    actor=request.user,
                    organisation=organisation,
                    kind=kind,
                    target=target,
                    at=timezone.now(),
                    **form.cleaned_data,
                )
            ),
        )
    if made:
        return redirect("admin:recall", made[0].pk)
    context = {
        "title": _("Recall"),
        "organisation": organisation,
        "kind": Recall.Kind(kind),
        "target": target,
        "seen": seen,
        "form": form,
    }
    return _page(request, "admin/desk/recall_ask.html", context, status)


@require_safe
@never_cache
def recall(request: MemberRequest, pk: UUID) -> HttpResponse:
    """How far a recall has come; the page looks again by itself until it has ended."""
    own = organisations_as(request.user, recalling.KEEPERS).values("pk")
    found = get_object_or_404(Recall.objects.select_related("asked_by", "organisation"), pk=pk, organisation__in=own)
    done = found.done
    context = {
        "title": _("Recall"),
        "recall": found,
        "done": done,
        "total": max(found.total, done),
        "withdrawals": found.withdrawals.select_related("picture").order_by("-at")[:60],
    }
    if request.headers.get("HX-Request"):
        return render(request, "admin/desk/recall_standing.html", context)
    return _page(request, "admin/desk/recall.html", context)


def _page(request: MemberRequest, template: str, context: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, template, site.each_context(request) | context, status=status)


urlpatterns = [
    path("desk/recalls/", site.admin_view(recalls), name="recalls"),
    path("desk/recalls/<uuid:pk>/", site.admin_view(recall), name="recall"),
    path("desk/recalls/<slug:slug>/<slug:kind>/<slug:target>/", site.admin_view(ask), name="recall-ask"),
]
