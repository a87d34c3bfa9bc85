"""Founding an organisation, and who holds which roles in it.

- Every change ends the person's sessions: they sign in anew, with what their roles ask for.
- An organisation always keeps an administrator who can sign in.
- Nobody makes themselves a reviewer. (Whoever shaped a picture decides nothing about it in any case: `review.rules`.)
"""

from collections.abc import Collection
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.accounts.colours import parse
from studio.accounts.models import Membership, Organisation, Quota, Role, RoleGrant, User
from studio.accounts.roles import end_sessions, give, take
from studio.accounts.rules import administered, holds
from studio.trail.actions import note

LAST_ONE = _("Somebody must administer the organisation. Make somebody else an administrator first.")
NOT_ONESELF = _("Nobody makes themselves a reviewer; another administrator has to.")


def found_organisation(*, actor: User, slug: str, name: str, at: datetime) -> Organisation:
    """A new organisation with its own log; its founder becomes administrator. Only a superuser founds one."""
    if not actor.is_superuser:
        raise PermissionDenied(gettext("Only the operator of this installation can found an organisation."))
    organisation = Organisation(slug=slug, name=name, log=f"{settings.LOG_HOST}/{slug}", created=at)
    organisation.full_clean()
    with transaction.atomic():
        organisation.save(force_insert=True)
        give(actor, organisation, Role.ADMINISTRATOR)
        note(actor=actor, verb="organisation.found", subject=organisation, organisation=organisation.pk, at=at)
    return organisation


def grant_role(*, actor: User, user: User, organisation: Organisation, role: Role, at: datetime) -> Membership:
    """Give `user` a role; they become a member by it. Raises PermissionDenied."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    if actor.pk == user.pk and role == Role.REVIEWER:
        raise PermissionDenied(NOT_ONESELF)
    with transaction.atomic():
        membership = give(user, organisation, role)
        note(actor=actor, verb="role.grant", subject=membership, organisation=organisation.pk, at=at, role=role)
    return membership


def revoke_role(*, actor: User, user: User, organisation: Organisation, role: Role, at: datetime) -> None:
    """Take a role away; it is gone at the person's next request. Raises PermissionDenied, ValidationError."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        membership = Membership.objects.get(user=user, organisation=organisation)
        _lose(membership, {role}, actor=actor, at=at)


def change_roles(*, actor: User, membership: Membership, roles: Collection[str], at: datetime) -> None:
    """Make these the roles of a member, all at once. Raises PermissionDenied, ValidationError."""
    organisation, user = membership.organisation, membership.user
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    wanted = {Role(role) for role in roles}
    with transaction.atomic():
        held = {Role(role) for role in membership.grants.values_list("role", flat=True)}
        if wanted and not user.is_active:
            User.objects.filter(pk=user.pk).update(is_active=True)
            note(actor=actor, verb="user.reopen", subject=user, organisation=organisation.pk, at=at)
        # What is given comes first: who gives up administering can still do it then.
        for role in sorted(wanted - held):
            grant_role(actor=actor, user=user, organisation=organisation, role=role, at=at)
        _lose(membership, held - wanted, actor=actor, at=at)


def close_account(*, actor: User, membership: Membership, at: datetime) -> None:
    """End somebody's part in the organisation: every role, every session. Who has no other organisation cannot sign in.

    What they made stays, and says so. Raises PermissionDenied, ValidationError.
    """
    organisation, user = membership.organisation, membership.user
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        _lose(membership, {Role(role) for role in membership.grants.values_list("role", flat=True)}, actor=actor, at=at)
        if not user.is_superuser and not RoleGrant.objects.filter(membership__user=user).exists():
            User.objects.filter(pk=user.pk).update(is_active=False)
        end_sessions(user)
        note(actor=actor, verb="user.close", subject=user, organisation=organisation.pk, at=at)


def remove_second_step(*, actor: User, membership: Membership, at: datetime) -> None:
    """For somebody who has lost phone and codes: they set up another when they sign in next.

    Raises PermissionDenied, also for whoever belongs to an organisation that `actor` does not administer.
    """
    holds(actor, membership.organisation, Role.ADMINISTRATOR).enforce()
    user = membership.user
    theirs = Organisation.objects.filter(memberships__user=user, memberships__grants__isnull=False)
    if user.is_superuser or theirs.exclude(pk__in=administered(actor)).exists():
        raise PermissionDenied(
            gettext("They have rights elsewhere too, so the operator of this installation has to do it.")
        )
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        end_sessions(user)
        note(actor=actor, verb="user.second_step_lost", subject=user, organisation=membership.organisation_id, at=at)


def set_quota(*, actor: User, organisation: Organisation, at: datetime, **most: int | None) -> Quota:
    """How many pictures may be asked for: `day`, `month`, `person_day`, `person_month`; None is without limit.

    Raises PermissionDenied, ValidationError.
    """
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    quota = Quota(organisation=organisation, **most)
    quota.full_clean(exclude=["organisation"], validate_unique=False)
    with transaction.atomic():
        quota, _ = Quota.objects.update_or_create(organisation=organisation, defaults=most)
        note(actor=actor, verb="quota.set", subject=quota, organisation=organisation.pk, at=at, **most)
    return quota


def set_colour(*, actor: User, organisation: Organisation, colour: str, at: datetime) -> None:
    """What the organisation's public pages wear; empty for the seal's vermilion.

    Raises PermissionDenied, ValidationError.
    """
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    try:
        wanted = parse(colour) if colour else ""
    except ValidationError as error:
        raise ValidationError({"colour": error.messages}) from error
    with transaction.atomic():
        Organisation.objects.filter(pk=organisation.pk).update(colour=wanted)
        note(
            actor=actor, verb="organisation.colour", subject=organisation, organisation=organisation.pk, at=at,
            colour=wanted,
        )  # fmt: skip


def _lose(membership: Membership, roles: Collection[Role], *, actor: User, at: datetime) -> None:
    """Take roles away, unless nobody would administer the organisation. Runs in the caller's transaction."""
    organisation = membership.organisation
    # The organisation's row is the lock: of two administrators who remove each other, one is too late.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    if Role.ADMINISTRATOR in roles:
        administrators = RoleGrant.objects.filter(
            membership__organisation=organisation, role=Role.ADMINISTRATOR, membership__user__is_active=True
        )
        if not administrators.exclude(membership=membership).exists():
            raise ValidationError({"roles": LAST_ONE})
    for role in sorted(roles):
        if take(membership, role):
            note(actor=actor, verb="role.revoke", subject=membership, organisation=organisation.pk, at=at, role=role)
