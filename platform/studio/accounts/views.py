"""One's own account: who one is here, with which roles, and a new password."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from studio.accounts import second_step
from studio.accounts.models import Role
from studio.accounts.rules import administered
from studio.pages import MemberRequest
from studio.trail.actions import note


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: MemberRequest) -> HttpResponse:
    """Memberships, and the password form; a new password ends the person's other sessions."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if form.is_valid():
        form.save()
        note(actor=request.user, verb="user.password", subject=request.user, organisation=None, at=timezone.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed; you are signed out everywhere else."))
        return redirect("account")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    memberships = request.user.memberships.select_related("organisation").prefetch_related("grants")
    keeper = memberships.filter(grants__role__in=[Role.ADMINISTRATOR, Role.CUSTODIAN]).exists()
    context = {
        "form": form,
        "memberships": memberships,
        "keeper": keeper,
        "administered": administered(request.user).order_by("name"),
        "second_step": second_step.has(request.user),
        "needs_second_step": second_step.needs(request.user),
    }
    return render(request, "studio/account.html", context, status=status)
