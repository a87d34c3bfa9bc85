"""The registry's page: what an organisation protects, and for administrators adding and taking out."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from studio.accounts.models import Organisation, Role
from studio.accounts.rules import holds, organisations_of, roles_of
from studio.pages import MemberRequest, attempt
from studio.references.actions import protect, unprotect
from studio.references.forms import ProtectForm
from studio.references.models import Protected

READERS = (Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR)


@login_required
@require_http_methods(["GET", "POST"])
def references(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What is protected; a POST adds a picture, or takes one out."""
    organisation = get_object_or_404(organisations_of(request.user), pk=pk)
    holds(request.user, organisation, *READERS).enforce()
    removing = "remove" in request.POST
    form = ProtectForm(None if removing else request.POST or None, request.FILES or None)
    faults: list[str] = []
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if removing:
        faults, status = _take_out(request, organisation)
    elif form.is_valid():
        status = attempt(form, lambda: _add(request, organisation, form))
    if request.method == "POST" and status == HTTPStatus.OK:
        return redirect("organisation-references", pk=pk)
    rows = Protected.objects.filter(organisation=organisation).select_related("added_by__user", "removed_by")
    context = {
        "organisation": organisation,
        "form": form,
        "faults": [*faults, *form.non_field_errors()],
        "standing": rows.exclude(state=Protected.State.REMOVED),
        "removed": rows.filter(state=Protected.State.REMOVED)[:50],
        "today": timezone.now().date(),
        "may_change": Role.ADMINISTRATOR in roles_of(request.user, organisation),
    }
    return render(request, "studio/references.html", context, status=status)


def _add(request: MemberRequest, organisation: Organisation, form: ProtectForm) -> None:
    data = form.cleaned_data["picture"]
    protect(actor=request.user, organisation=organisation, data=data, at=timezone.now(), **form.words())
    messages.info(request, _("It is being read; pictures are compared with it as soon as that is done."))


def _take_out(request: MemberRequest, organisation: Organisation) -> tuple[list[str], int]:
    """What is wrong with taking a picture out, and the answer's status."""
    form = forms.Form(request.POST)
    form.is_valid()
    try:
        found = get_object_or_404(Protected, pk=request.POST["remove"], organisation=organisation)
    except ValidationError as error:
        raise Http404(_("There is no such picture.")) from error
    status = attempt(form, lambda: unprotect(actor=request.user, protected=found, at=timezone.now()))
    return [str(fault) for fault in form.non_field_errors()], status
