"""How people come in: an administrator invites an address, and whoever reads its mail makes an account, once.

- The secret is 32 random bytes that stand in the mail's link; kept is its SHA-256. It opens one account, within a week.
- Somebody with an account joins with it. The address counts as proved: the link came there.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.accounts.actions import NOT_ONESELF
from studio.accounts.models import Invitation, Organisation, Role, User
from studio.accounts.roles import give
from studio.accounts.rules import holds
from studio.trail.actions import note

LASTS = timedelta(days=7)
SECRET_BYTES = 32
OVER = _("This invitation was used, withdrawn, or is older than a week. Ask whoever invited you for another.")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody new writes on the page of their invitation."""

    username: str
    first_name: str
    last_name: str
    password: str


def digest_of(secret: str) -> str:
    """What is kept of a secret: SHA-256, lowercase hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def invite(
    *, actor: User, organisation: Organisation, email: str, roles: Collection[str], at: datetime
) -> tuple[Invitation, str]:
    """A new invitation and its secret, which nothing brings back later. Raises PermissionDenied, ValidationError."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    if not roles:
        raise ValidationError({"roles": gettext("Choose at least one role: without any they could do nothing here.")})
    if Role.REVIEWER in roles and email.strip().lower() == actor.email.lower():
        raise PermissionDenied(NOT_ONESELF)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    invitation = Invitation(
        organisation=organisation,
        email=email.strip(),
        roles=[role.value for role in Role if role in roles],
        digest=digest_of(secret),
        invited_by=actor,
        made=at,
        expires=at + LASTS,
    )
    invitation.full_clean()
    with transaction.atomic():
        invitation.save(force_insert=True)
        detail = {"roles": invitation.roles}
        note(actor=actor, verb="invitation.make", subject=invitation, organisation=organisation.pk, at=at, **detail)
    return invitation, secret


def withdraw_invitation(*, actor: User, invitation: Invitation, at: datetime) -> None:
    """End an invitation that nobody has taken up. Raises PermissionDenied."""
    organisation = invitation.organisation
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, accepted=None, withdrawn=None).update(withdrawn=at):
            note(actor=actor, verb="invitation.withdraw", subject=invitation, organisation=organisation.pk, at=at)


def find_invitation(secret: str, *, at: datetime) -> Invitation | None:
    """The open invitation with this secret; None for any other."""
    open_ones = Invitation.objects.filter(accepted=None, withdrawn=None, expires__gt=at)
    return open_ones.filter(digest=digest_of(secret)).select_related("organisation", "invited_by").first()


def join(*, actor: User, invitation: Invitation, at: datetime) -> None:
    """Take up an invitation with the account that one has. Raises PermissionDenied, ValidationError when it is over."""
    if actor.pk == invitation.invited_by_id and Role.REVIEWER in invitation.roles:
        raise PermissionDenied(NOT_ONESELF)
    with transaction.atomic():
        _take_up(invitation, actor, at=at)


def arrive(*, invitation: Invitation, newcomer: Newcomer, at: datetime) -> User:
    """Take up an invitation with a new account. Raises ValidationError naming the field."""
    user = User(
        username=newcomer.username.strip(),
        first_name=newcomer.first_name.strip(),
        last_name=newcomer.last_name.strip(),
        email=invitation.email,
    )
    if filter_users_by_email(invitation.email, is_active=True):
        raise ValidationError(
            gettext("Somebody with this address has an account here. If it is you, sign in, and open the link again.")
        )
    user.set_unusable_password()
    user.full_clean()
    try:
        validate_password(newcomer.password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(newcomer.password)
    with transaction.atomic():
        user.save(force_insert=True)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        note(actor=user, verb="user.create", subject=user, organisation=invitation.organisation_id, at=at)
        _take_up(invitation, user, at=at)
    return user


def _take_up(invitation: Invitation, user: User, *, at: datetime) -> None:
    """Once: of two who come at the same time, one is too late. What the inviter may no longer give is not given."""
    taken = Invitation.objects.filter(pk=invitation.pk, accepted=None, withdrawn=None, expires__gt=at)
    if not taken.update(accepted=at, accepted_by=user):
        raise ValidationError(OVER)
    organisation = invitation.organisation
    if not holds(invitation.invited_by, organisation, Role.ADMINISTRATOR).allowed:
        raise ValidationError(
            gettext("Whoever invited you administers the organisation no more; ask for another invitation.")
        )
    for role in invitation.roles:
        give(user, organisation, Role(role))
    detail = {"roles": invitation.roles}
    note(actor=user, verb="invitation.accept", subject=invitation, organisation=organisation.pk, at=at, **detail)
