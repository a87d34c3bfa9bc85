"""Making a token, finding the one that a program shows, and revoking it."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds, membership_of
from studio.api.models import ApiToken, Scope
from studio.projects.models import Campaign
from studio.trail.actions import note

# What scanners for leaked secrets look for.
PREFIX = "imprimatur_"
SECRET_BYTES = 32
LONGEST = timedelta(days=365)
# A program may ask many times a second; when it last did is of interest by the minute.
USED_AGAIN_AFTER = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    """What is kept of a secret: SHA-256, lowercase hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_token(
    *,
    actor: User,
    organisation: Organisation,
    name: str,
    scopes: Collection[str],
    expires: datetime,
    at: datetime,
    campaign: Campaign | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which nothing brings back later. Raises PermissionDenied, ValidationError."""
    holds(actor, organisation, *Role).enforce()
    if Scope.MAKE in scopes:
        holds(actor, organisation, Role.CREATOR).enforce()
    name = name.strip()
    _check(name, scopes, expires - at)
    if campaign is not None and campaign.project.organisation_id != organisation.pk:
        raise ValidationError({"campaign": _("Choose a campaign of %(name)s.") % {"name": organisation.name}})
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken(
        membership=membership_of(actor, organisation),
        name=name,
        scopes=[scope.value for scope in Scope if scope in scopes],
        campaign=campaign,
        digest=digest_of(secret),
        hint=secret[-4:],
        made=at,
        expires=expires,
    )
    with transaction.atomic():
        token.save(force_insert=True)
        note(
            actor=actor,
            verb="token.make",
            subject=token,
            organisation=organisation.pk,
            at=at,
            scopes=token.scopes,
            expires=expires.isoformat(),
        )
    return token, secret


def _check(name: str, scopes: Collection[str], lasts: timedelta) -> None:
    if not name:
        raise ValidationError({"name": _("Name the program that will use it.")})
    if not scopes or not set(scopes) <= set(Scope.values):
        raise ValidationError({"scopes": _("Choose at least one thing that it may be used for.")})
    if not timedelta(0) < lasts <= LONGEST:
        raise ValidationError({"expires": _("Choose a day within the next %(days)s days.") % {"days": LONGEST.days}})


def revoke_token(*, actor: User, token: ApiToken, at: datetime) -> None:
    """End a token at once, one's own or one of the organisation that one administers; twice is once.

    Raises PermissionDenied.
    """
    organisation = token.membership.organisation
    if actor.pk != token.membership.user_id:
        holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked=None).update(revoked=at, revoked_by=actor):
            note(actor=actor, verb="token.revoke", subject=token, organisation=organisation.pk, at=at)


def find_token(secret: str, *, at: datetime) -> ApiToken | None:
    """The live token with this secret; None for any other. Notes, by the minute, that it was used."""
    joined = ("membership__user", "membership__organisation", "campaign__project")
    token = ApiToken.objects.live(at).filter(digest=digest_of(secret)).select_related(*joined).first()
    if token is not None and (token.used is None or token.used < at - USED_AGAIN_AFTER):
        ApiToken.objects.filter(pk=token.pk).update(used=at)
    return token


def refuse_without(token: ApiToken, scope: Scope) -> None:
    """Raise PermissionDenied where a token was not made for this."""
    if scope not in token.scopes:
        remedy = _("This token was not made for it. Make one that may “%(label)s” (scope %(value)s).") % {
            "label": scope.label,
            "value": scope.value,
        }
        raise PermissionDenied(remedy)
