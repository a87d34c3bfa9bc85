"""How people sign in, as the sign-in library (django-allauth) is to do it here.

- Nobody signs up: accounts come by invitation, and somebody from an organisation's own sign-in needs one that has
  their verified address.
- Tries are counted by account and by address (`ACCOUNT_RATE_LIMITS`), wherever the form stands; the desk has none.
- Dangerous actions ask again for the password or the second step, unless it was given within a quarter of an hour.

Who needs a second step is said in `second_step`.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.account.forms import LoginForm
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import User
from studio.limits import client_address

View = TypeVar("View", bound=Callable[..., HttpResponse])
logger = logging.getLogger(__name__)
# Told by the page that the person comes to anyway.
UNSAID = frozenset(
    {
        "account/messages/logged_in.txt",
        "account/messages/logged_out.txt",
        "mfa/messages/recovery_codes_generated.txt",
    }
)


def asks_again(view: View) -> View:
    """For views whose forms make secrets, give rights or take them away: from a stale session, a form asks first."""
    asking: View = reauthentication_required(allow_get=True)(view)
    return asking


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """Name or e-mail, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, password = self.fields["login"], self.fields["password"]
        name.label = _("Username or e-mail")
        name.widget = forms.TextInput({"autocomplete": "username webauthn", "autocapitalize": "none"})
        password.label, password.help_text = _("Password"), ""
        del password.widget.attrs["placeholder"]


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """The library's questions about accounts, answered."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("This name and this password do not belong together. Check both."),
        "email_password_mismatch": _("This e-mail and this password do not belong together. Check both."),
        "too_many_login_attempts": _("Too many wrong tries. Nothing is lost: wait ten minutes, then try again."),
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that tries are counted by."""
        return client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try; the log says from where too many came, and not what was typed."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            logger.warning("signing in is locked for a while, after too many tries from %s", client_address(request))
            raise

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not right after signing in."""
        records = get_authentication_records(self.request, self.request.user)
        fresh = records and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT
        return not fresh

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """Some go without saying."""
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *args, **kwargs)


class ElsewhereAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """The library's questions about an organisation's own sign-in, answered."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never; whoever has an account here is found by their verified address."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Nobody comes in whom an administrator has sent away."""
        user: User = sociallogin.user
        if sociallogin.is_existing and not user.is_active:
            raise ImmediateHttpResponse(closed(request))


def closed(request: HttpRequest) -> HttpResponse:
    """The page for somebody who has no account here, or no longer."""
    return render(request, "account/signup_closed.html", status=403)
