"""What the sign-in library tells, written into the trail: who signed in, and what became of their second steps.

Not who failed to: what was typed may be anybody's, and the log of the process has from where.
"""

from typing import Any

from allauth.account.signals import password_reset, user_logged_in
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.conf import settings
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from studio.accounts import second_step
from studio.accounts.breaking_glass import operator_signs_in
from studio.accounts.models import User
from studio.trail.actions import note


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Written down; the operator's is a ledger entry too. Whoever lacks a second step is told."""
    at = timezone.now()
    note(actor=user, verb="user.sign_in", subject=user, organisation=None, at=at)
    if user.is_superuser:
        operator_signs_in(actor=user, at=at)
    if not settings.SECOND_STEP_REQUIRED and second_step.is_missing(user):
        messages.warning(
            request, _("Outside a demonstration your role needs a second step to sign in. Your account has the way.")
        )


@receiver(password_reset)
def chose_a_new_password(user: User, **_kwargs: Any) -> None:
    """By the link in a mail."""
    note(actor=user, verb="user.password", subject=user, organisation=None, at=timezone.now())


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
def changed_their_second_step(
    request: HttpRequest, user: User, authenticator: Any, signal: Any, **_kwargs: Any
) -> None:
    """The next page asks anew whether there is one."""
    request.session.pop(second_step.SETTLED, None)
    change = {authenticator_added: "added", authenticator_removed: "removed"}.get(signal, "made anew")
    detail = {"kind": authenticator.type, "change": change}
    note(actor=user, verb="user.second_step", subject=user, organisation=None, at=timezone.now(), **detail)
