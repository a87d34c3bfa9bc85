"""The page of the line: live by server-sent events, and by asking now and then; whole without scripts too."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studio import streams
from studio.accounts.models import User
from studio.jobs.again import ask_again
from studio.jobs.line import Line, line_of
from studio.jobs.models import Job
from studio.jobs.reading import find_job
from studio.jobs.views import show_request
from studio.pages import MemberRequest, attempt

FULL_SECONDS = 10
# A look asks for the whole line; many people may have the page open all day.
LOOK_SECONDS = 1.0


@login_required
@require_safe
@never_cache
def line(request: MemberRequest) -> HttpResponse:
    """What is waiting and being made, one's own first to the eye."""
    return render(request, "studio/line.html", {"line": _line(request)})


def _line(request: MemberRequest) -> Line:
    return line_of(request.user, now=timezone.now())


@login_required
@require_safe
@never_cache
def moves(request: MemberRequest) -> HttpResponse:
    """The part of the page that moves, for pages that ask; 204 while it looks as it did."""
    found = _line(request)
    if request.GET.get("mark") == found.mark:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "studio/parts/line.html", {"line": found})


@login_required
@require_safe
def events(request: MemberRequest) -> HttpResponseBase:
    """The same part, sent whenever it changes: event `line`."""
    try:
        return streams.stream(request, lambda: _looked(request), event="line", every_s=LOOK_SECONDS)
    except streams.FullError:
        # The page goes on asking now and then.
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(FULL_SECONDS)})


def _looked(request: HttpRequest) -> tuple[str, bool]:
    """The part as HTML; nothing once the session has ended or the person may no longer sign in."""
    user = User.objects.filter(pk=request.user.pk or 0, is_active=True).first()
    if user is None or not request.session.exists(request.session.session_key or ""):
        return "", False
    return render_to_string("studio/parts/line.html", {"line": line_of(user, now=timezone.now())}, request), True


@login_required
@require_POST
def again(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Try a request once more that failed, was lost or was cancelled."""
    job = find_job(request, pk)
    form = forms.Form(request.POST)
    form.is_valid()
    made: list[Job] = []
    status = attempt(form, lambda: made.append(ask_again(actor=request.user, job=job, at=timezone.now())))
    if not made:
        return show_request(request, job, form, status)
    messages.success(request, _("It is asked for once more, as it was."))
    return redirect("request", pk=made[0].pk)
