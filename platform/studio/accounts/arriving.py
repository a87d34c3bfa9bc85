"""The page that an invitation's link opens: somebody new makes an account, somebody known joins with theirs."""

from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from studio.accounts import inviting
from studio.accounts.forms import ArriveForm
from studio.pages import MemberRequest, attempt


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def invitation(request: MemberRequest) -> HttpResponse:
    """The form; a link that is over says what to do. The secret is no part of the path, which logs have."""
    found = inviting.find_invitation(request.GET.get("key", ""), at=timezone.now())
    if found is None:
        return render(request, "studio/invitation_over.html", status=HTTPStatus.GONE)
    known = request.user.is_authenticated
    form = _form(request, known=known)
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        at = timezone.now()
        if known:
            status = attempt(form, lambda: inviting.join(actor=request.user, invitation=found, at=at))
        elif isinstance(form, ArriveForm):
            newcomer = form.newcomer()
            status = attempt(form, lambda: inviting.arrive(invitation=found, newcomer=newcomer, at=at))
        if status == HTTPStatus.OK:
            messages.success(request, _("Welcome to %(name)s. Sign in now.") % {"name": found.organisation.name})
            return redirect("account_login")
    context = {"form": form, "invitation": found, "publisher": found.organisation}
    return render(request, "studio/invitation.html", context, status=status)


def _form(request: HttpRequest, *, known: bool) -> forms.Form:
    data = request.POST if request.method == "POST" else None
    return forms.Form(data) if known else ArriveForm(data)
