"""Who has to prove twice that it is they, and what happens until they can.

- Reviewers, auditors, custodians, administrators and the operator need a second step (an app's code, or a key) where
  `SECOND_STEP_REQUIRED` is on, as it is whenever DEBUG is off. Until they have one, every page leads to its set-up.
- Where it is off they are told, and nothing more.
- The secret of an app lies sealed under `VAULT_KEY`.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio import vault
from studio.accounts.models import Role, RoleGrant, User

NEEDING = (Role.REVIEWER, Role.AUDITOR, Role.CUSTODIAN, Role.ADMINISTRATOR)
STEPS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# What somebody may still do without: set it up, prove that it is they, and leave.
OPEN = frozenset({"account_login", "account_logout", "account_reauthenticate", "admin:logout"})
PURPOSE = "second step"
# In a session that has been asked already; a new role begins a new session (`accounts.actions`).
SETTLED = "second-step-settled"


def needs(user: User) -> bool:
    """Whether this person's roles ask for a second step."""
    return user.is_superuser or RoleGrant.objects.filter(membership__user=user, role__in=NEEDING).exists()


def has(user: User) -> bool:
    """Whether this person has set one up."""
    return bool(Authenticator.objects.filter(user=user, type__in=STEPS).exists())


def is_missing(user: User) -> bool:
    """Whether one is needed and there is none."""
    return needs(user) and not has(user)


class SecondStepGate(MiddlewareMixin):
    """Leads whoever lacks the second step they need to where it is set up, before any view runs."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """A redirect, or nothing."""
        if not settings.SECOND_STEP_REQUIRED or not request.user.is_authenticated or request.session.get(SETTLED):
            return None
        if not is_missing(request.user):
            request.session[SETTLED] = True
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        return None if name in OPEN or name.startswith("mfa_") else redirect("mfa_index")


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """The library's questions about second steps, answered."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This is not the code. Codes of an app change every 30 seconds; take the newest.")
    }

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002  the library's name
        """What a key is called until its owner says otherwise."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Key %(number)d") % {"number": number}

    def encrypt(self, text: str) -> str:
        """Secrets do not lie open in the database."""
        return vault.seal_text(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again. Raises SealBrokenError."""
        return vault.unseal_text(encrypted_text, purpose=PURPOSE)
