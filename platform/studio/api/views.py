"""The page of a person's tokens: make one and see its secret once, see when each was used, revoke it."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio.accounts.signing_in import asks_again
from studio.api import actions
from studio.api.forms import TokenForm
from studio.api.models import ApiToken
from studio.audit.documents import document
from studio.pages import MemberRequest, attempt


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@asks_again
def tokens(request: MemberRequest) -> HttpResponse:
    """Their list, and the form that makes one; the answer to the form is the only page that ever shows the secret."""
    at = timezone.now()
    form = TokenForm(request.POST if request.method == "POST" else None, owner=request.user, at=at)
    if not form.is_bound:
        return _page(request, form, at=at)
    made: list[tuple[ApiToken, str]] = []
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        status = attempt(form, lambda: made.append(actions.make_token(actor=request.user, at=at, **form.words())))
    if not made:
        return _page(request, form, at=at, status=status)
    token, secret = made[0]
    return _page(request, TokenForm(owner=request.user, at=at), at=at, made=token, secret=secret)


def _page(
    request: MemberRequest, form: forms.Form, *, at: datetime, status: int = HTTPStatus.OK, **made: object
) -> HttpResponse:
    rows = list(ApiToken.objects.for_actor(request.user).select_related("campaign", "revoked_by"))
    for token in rows:
        token.ended = token.revoked is not None or token.expires <= at  # type: ignore[attr-defined]
    context = {
        "form": form,
        "mine": [token for token in rows if token.owner == request.user],
        "others": [token for token in rows if token.owner != request.user],
        "base": request.build_absolute_uri("/"),
        **made,
    }
    return render(request, "studio/tokens.html", context, status=status)


@login_required
@require_POST
def revoke(request: MemberRequest, pk: UUID) -> HttpResponse:
    """End a token."""
    token = get_object_or_404(ApiToken.objects.for_actor(request.user), pk=pk)
    actions.revoke_token(actor=request.user, token=token, at=timezone.now())
    messages.success(request, _("“%(name)s” is revoked: nothing opens to it any more.") % {"name": token.name})
    return redirect("tokens")


@require_safe
def guide(request: MemberRequest) -> HttpResponse:
    """How programs use all this; the page of docs/."""
    return render(request, "studio/document.html", {"text": document("api"), "title": _("For programs")})
