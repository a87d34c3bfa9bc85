"""Who a program is: the bearer of a token, which is in force, made for what it is used for, and not used too often.

Cookies count for nothing here, so nothing here needs a defence against forged forms.
"""

from typing import TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from ninja.security import HttpBearer

from studio import limits
from studio.accounts.models import Organisation
from studio.api import refusals
from studio.api.actions import find_token, refuse_without
from studio.api.models import ApiToken, Scope
from studio.pages import MemberRequest

Thing = TypeVar("Thing")


class ProgramRequest(MemberRequest):
    """A request that a token opened; `user` is the token's owner."""

    auth: ApiToken


class Bearer(HttpBearer):
    """Tokens with one scope."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiToken | None:
        """The token, or None. Unlike the base class's, it never logs the header. Raises PermissionDenied, Refusal."""
        scheme, _, secret = request.headers.get(self.header, "").partition(" ")
        return self.authenticate(request, secret.strip()) if scheme.lower() == self.openapi_scheme else None

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token with this secret; from here on, the request is its owner's."""
        found = find_token(token, at=timezone.now())
        if found is None:
            return None
        refuse_without(found, self.scope)
        turn = limits.take_call(found.pk, makes=self.scope == Scope.MAKE, now=limits.clock())
        if not turn.allowed:
            seconds = {"seconds": turn.retry_after_s}
            reason = gettext("This token asks too often; ask again in %(seconds)s seconds.") % seconds
            raise refusals.wait("too-often", reason, retry_after_s=turn.retry_after_s)
        request.user = found.owner
        return found


reads = Bearer(Scope.READ)
makes = Bearer(Scope.MAKE)


def organisation_of(request: ProgramRequest) -> Organisation:
    """The one organisation that the token is for."""
    return request.auth.membership.organisation


def own(request: ProgramRequest, thing: Thing, organisation: UUID) -> Thing:
    """The thing, if it belongs to the token's organisation: its owner may be in others. Raises Http404."""
    if organisation != organisation_of(request).pk:
        raise Http404
    return thing
