"""The pages of endpoints, for administrators: add one, see what it was told and what it answered."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from studio.accounts.rules import administered
from studio.accounts.signing_in import asks_again
from studio.pages import MemberRequest, attempt
from studio.webhooks import actions
from studio.webhooks.events import Event, event_in_words
from studio.webhooks.forms import EndpointForm
from studio.webhooks.models import Delivery, Endpoint

DELIVERIES_A_PAGE = 25
MOVES: Mapping[str, tuple[Callable[..., object], str | Promise]] = MappingProxyType(
    {
        "pause": (actions.pause_endpoint, _("It is told nothing until you resume it.")),
        "resume": (actions.resume_endpoint, _("It is told again, first what waited.")),
        "remove": (actions.remove_endpoint, _("It is removed.")),
        "test": (actions.send_test, _("A test is on its way; how it went stands in the log below in a moment.")),
    }
)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@asks_again
def webhooks(request: MemberRequest) -> HttpResponse:
    """The list, and the form that adds one; the answer to the form is the only page that shows the secret."""
    if not administered(request.user).exists():
        raise PermissionDenied(gettext("Webhooks are for administrators."))
    form = EndpointForm(request.POST if request.method == "POST" else None, actor=request.user)
    status, made = HTTPStatus.OK, []
    if form.is_bound:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            status = attempt(form, lambda: made.append(_add(request, form)))
    context: dict[str, Any] = {"form": EndpointForm(actor=request.user) if made else form}
    if made:
        context["made"], context["secret"] = made[0]
    context["endpoints"] = Endpoint.objects.for_actor(request.user).select_related("organisation")
    return render(request, "studio/webhooks.html", context, status=status)


def _add(request: MemberRequest, form: EndpointForm) -> tuple[Endpoint, str]:
    return actions.add_endpoint(actor=request.user, at=timezone.now(), **form.cleaned_data)


def _find(request: MemberRequest, pk: UUID) -> Endpoint:
    mine = Endpoint.objects.for_actor(request.user).select_related("organisation", "added_by")
    return get_object_or_404(mine, pk=pk)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhook(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One endpoint with the log of its deliveries; a POST names what is to be done with it."""
    endpoint = _find(request, pk)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _page(request, endpoint, form)
    verb, done = MOVES.get(request.POST.get("move", ""), (None, ""))
    if verb is None:
        return _page(request, endpoint, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _attempted(
        request, endpoint, form, lambda: verb(actor=request.user, endpoint=endpoint, at=timezone.now()), str(done)
    )


@login_required
@require_POST
def send_again(request: MemberRequest, pk: UUID, delivery: UUID) -> HttpResponse:
    """Begin anew with a delivery that was given up."""
    endpoint = _find(request, pk)
    found = get_object_or_404(Delivery.objects.select_related("endpoint__organisation"), pk=delivery, endpoint=endpoint)
    again = lambda: actions.send_again(actor=request.user, delivery=found, at=timezone.now())  # noqa: E731
    return _attempted(request, endpoint, forms.Form(request.POST), again, gettext("It is on its way again."))


def _attempted(
    request: MemberRequest, endpoint: Endpoint, form: forms.Form, verb: Callable[[], object], done: str
) -> HttpResponse:
    form.is_valid()
    status = attempt(form, verb)
    if status != HTTPStatus.OK:
        endpoint.refresh_from_db()
        return _page(request, endpoint, form, status=status)
    messages.success(request, done)
    removed = not Endpoint.objects.for_actor(request.user).filter(pk=endpoint.pk).exists()
    return redirect("webhooks") if removed else redirect("webhook", pk=endpoint.pk)


def _page(request: MemberRequest, endpoint: Endpoint, form: forms.Form, *, status: int = HTTPStatus.OK) -> HttpResponse:
    leaf = Paginator(endpoint.deliveries.all(), DELIVERIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "endpoint": endpoint,
        "form": form,
        "told": [Event(event).label for event in endpoint.events],
        "deliveries": leaf,
        "rows": [(one, event_in_words(one.event)) for one in leaf],
        "waiting": endpoint.deliveries.filter(state=Delivery.State.WAITING).count(),
    }
    return render(request, "studio/webhook.html", context, status=status)
