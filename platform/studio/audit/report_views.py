"""Reports: the builder, one report while it is written, and its file."""

from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio import blobs
from studio.accounts.models import Organisation
from studio.audit.access import find_audited
from studio.audit.models import Report
from studio.audit.reporting import MOST_IN, ask_report, cancel_report
from studio.audit.selecting import RegisterForm, in_words, names_in, select
from studio.audit.writing import MEDIA_TYPES
from studio.pages import MemberRequest, attempt
from studio.trail.models import LedgerIntent

REPORTS_A_PAGE = 20
_SUFFIXES = {"pack": "zip"}


class ReportForm(forms.Form):
    """What kind of file, and how much it shows."""

    form = forms.ChoiceField(
        label=gettext_lazy("Form"), choices=Report.Form.choices, widget=forms.RadioSelect, initial=Report.Form.PDF
    )
    level = forms.ChoiceField(
        label=gettext_lazy("How much it shows"),
        choices=Report.Level.choices,
        widget=forms.RadioSelect,
        initial=Report.Level.PARTNER,
    )


@login_required
@require_http_methods(["GET", "POST"])
def reports(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The builder over the filters in the address, and the reports there are; a POST asks for one."""
    organisation = find_audited(request, pk)
    sieve = RegisterForm(request.GET or None, organisation=organisation)
    scope, form, status = sieve.scope(), ReportForm(request.POST or None), HTTPStatus.OK
    if request.method == "POST":
        if sieve.errors:
            form.add_error(
                None, _("A filter in the address does not hold; choose the selection in the register again.")
            )
        status, asked = _ask(request, organisation, form, scope)
        if asked is not None:
            return redirect("report", pk=asked.pk)
    found = Report.objects.filter(organisation=organisation).select_related("asked_by__user")
    context = {
        "organisation": organisation,
        "form": form,
        "scope": in_words(scope, sieve.names),
        "query": urlencode(scope),
        "entries": select(organisation, scope).count(),
        "most": {str(name): most for name, most in MOST_IN.items()},
        "reports": Paginator(found, REPORTS_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "studio/audit/reports.html", context, status=status)


def _ask(
    request: MemberRequest, organisation: Organisation, form: ReportForm, scope: dict[str, str]
) -> tuple[HTTPStatus, Report | None]:
    if not form.is_valid():
        return HTTPStatus.UNPROCESSABLE_ENTITY, None
    asked: list[Report] = []
    now, chosen = timezone.now(), form.cleaned_data
    status = attempt(
        form,
        lambda: asked.append(ask_report(actor=request.user, organisation=organisation, scope=scope, at=now, **chosen)),
    )
    return status, asked[0] if asked else None


def find_report(request: MemberRequest, pk: UUID) -> Report:
    """A report of an organisation whose books the person reads, or 404."""
    mine = Report.objects.for_actor(request.user)
    return get_object_or_404(mine.select_related("organisation", "asked_by__user"), pk=pk)


@login_required
@require_safe
def report(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One report: on its way, ready, or why it is not."""
    return render(request, "studio/audit/report.html", _standing(request, find_report(request, pk)))


def _standing(request: MemberRequest, found: Report) -> dict[str, Any]:
    return {
        "report": found,
        "organisation": found.organisation,
        "scope": in_words(found.scope, names_in(found.organisation)),
        "mine": found.asked_by.user_id == request.user.pk,
        "intent": LedgerIntent.objects.filter(row=str(found.pk), kind="report").first(),
    }


@login_required
@never_cache
@require_safe
def progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the page that moves while a report is written; the whole page again once it is over."""
    found = find_report(request, pk)
    if not found.moving and request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    return render(request, "studio/audit/writing.html", {"report": found})


@login_required
@require_POST
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Stop a report."""
    found, form = find_report(request, pk), forms.Form(request.POST)
    form.is_valid()
    status = attempt(form, lambda: cancel_report(actor=request.user, report=found, at=timezone.now()))
    if status != HTTPStatus.OK:
        found.refresh_from_db()
        return render(request, "studio/audit/report.html", _standing(request, found) | {"form": form}, status=status)
    messages.info(request, _("The report was cancelled; nothing of it is kept."))
    return redirect("report", pk=pk)


@login_required
@require_safe
def report_file(request: MemberRequest, pk: UUID) -> StreamingHttpResponse:
    """A report's file, piece by piece, after its digest was checked."""
    found = find_report(request, pk)
    if found.state != Report.State.DONE or found.gone:
        raise Http404
    try:
        stream = blobs.opened(found.sha256)
    except blobs.BlobError as error:
        raise Http404(_("The file is missing or was altered; an administrator has to look.")) from error
    name = (
        f"{found.organisation.slug}-{found.asked:%Y-%m-%d}-{str(found.pk)[:8]}.{_SUFFIXES.get(found.form, found.form)}"
    )
    media_type = MEDIA_TYPES[Report.Form(found.form)]
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(found.size),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    pieces = _sent(stream) if isinstance(request, ASGIRequest) else _read(stream)
    return StreamingHttpResponse(pieces, content_type=media_type, headers=headers)


def _read(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(blobs.PIECE_BYTES):
            yield piece


async def _sent(stream: BinaryIO) -> AsyncIterator[bytes]:
    """The same for the server that pages are served by, which would gather a plain iterator whole in memory."""
    try:
        while piece := await sync_to_async(stream.read, thread_sensitive=False)(blobs.PIECE_BYTES):
            yield piece
    finally:
        stream.close()
