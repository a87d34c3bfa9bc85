"""The page behind an invitation's link: one picture, what it is for, and the decision of somebody without an account.

- It shows that picture alone, and nothing once the link has done its work, has expired or was taken back.
- Nobody keeps it, indexes it or learns its address from where somebody went afterwards; calls take turns.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from studio import limits
from studio.pages import attempt
from studio.review import inviting
from studio.review.forms import OutsideForm
from studio.review.models import Invitation
from studio.review.plans import standing
from studio.review.views import send_file

View = Callable[..., HttpResponse]


def _by_link(view: View) -> View:
    """A call by a link: it takes a turn, and its answer is kept by nobody."""

    @wraps(view)
    def answer(request: HttpRequest, token: str) -> HttpResponse:
        turn = limits.take_visit(request, now=limits.clock())
        if turn.allowed:
            response = view(request, _found(token), token)
        else:
            response = render(request, "studio/outside_closed.html", {"reason": _busy(turn.retry_after_s)}, status=429)
            response["Retry-After"] = str(turn.retry_after_s)
        response["Cache-Control"] = "no-store, private"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer


def _busy(seconds: int) -> str:
    return _("Too many calls from your address; try again in %(seconds)s seconds.") % {"seconds": seconds}


def _found(token: str) -> Invitation:
    invitation = inviting.invited(token)
    if invitation is None:
        raise Http404(_("No such link."))
    return invitation


# Whoever holds the token may act and nobody else: there is no session for another site to borrow. And a browser that
# is told to send no referrer sends no origin either, which Django's own check would take for another site.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_by_link
def page(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The picture and the decision about it."""
    if reason := inviting.closed(invitation, at=timezone.now()):
        closed = {"reason": reason, "publisher": invitation.outsider.organisation}
        return render(request, "studio/outside_closed.html", closed, status=_status(invitation))
    picture = invitation.request.picture
    if request.method != "POST":
        return _show(request, invitation, token, OutsideForm(initial={"seen_sha256": picture.sha256}), HTTPStatus.OK)
    form = OutsideForm(request.POST)
    if not form.is_valid():
        return _show(request, invitation, token, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    status = attempt(
        form,
        lambda: inviting.decide_outside(invitation=invitation, at=timezone.now(), **form.cleaned_data),
    )
    if status != HTTPStatus.OK:
        return _show(request, _found(token), token, form, status)
    return redirect("outside", token)


def _status(invitation: Invitation) -> int:
    """Whoever has decided is thanked; to everybody else the link is gone."""
    return HTTPStatus.OK if invitation.used else HTTPStatus.GONE


def _show(request: HttpRequest, invitation: Invitation, token: str, form: OutsideForm, status: int) -> HttpResponse:
    review = invitation.request
    context: dict[str, Any] = {
        "invitation": invitation,
        "review": review,
        "picture": review.picture,
        "organisation": invitation.outsider.organisation,
        "publisher": invitation.outsider.organisation,
        "token": token,
        "form": form,
        "stages": standing(review),
    }
    return render(request, "studio/outside.html", context, status=status)


@never_cache
@require_safe
@_by_link
def file(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The picture's file, as long as the link is open."""
    if inviting.closed(invitation, at=timezone.now()):
        raise Http404(_("The link opens nothing any more."))
    picture = invitation.request.picture
    return send_file("picture", picture.sha256, picture.media_type, download=False)
