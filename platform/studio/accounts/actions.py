"""Founding an organisation and giving people their roles."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from studio.accounts.models import Membership, Organisation, Role, RoleGrant, User
from studio.accounts.rules import holds
from studio.trail.actions import note


def found_organisation(*, actor: User, slug: str, name: str, at: datetime) -> Organisation:
    """A new organisation with its own log; its founder becomes administrator. Only a superuser founds one."""
    if not actor.is_superuser:
        raise PermissionDenied("Only the operator of this installation can found an organisation.")
    organisation = Organisation(slug=slug, name=name, log=f"{settings.LOG_HOST}/{slug}", created=at)
    organisation.full_clean()
    with transaction.atomic():
        organisation.save(force_insert=True)
        _grant(actor, organisation, Role.ADMINISTRATOR)
        note(actor=actor, verb="organisation.found", subject=organisation, organisation=organisation.pk, at=at)
    return organisation


def grant_role(*, actor: User, user: User, organisation: Organisation, role: Role, at: datetime) -> Membership:
    """Give `user` a role; they become a member by it."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        membership = _grant(user, organisation, role)
        note(actor=actor, verb="role.grant", subject=membership, organisation=organisation.pk, at=at, role=role)
    return membership


def revoke_role(*, actor: User, user: User, organisation: Organisation, role: Role, at: datetime) -> None:
    """Take a role away; it is gone at the person's next request."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        membership = Membership.objects.get(user=user, organisation=organisation)
        RoleGrant.objects.filter(membership=membership, role=role).delete()
        note(actor=actor, verb="role.revoke", subject=membership, organisation=organisation.pk, at=at, role=role)


def _grant(user: User, organisation: Organisation, role: Role) -> Membership:
    membership, _ = Membership.objects.get_or_create(user=user, organisation=organisation)
    RoleGrant.objects.get_or_create(membership=membership, role=role)
    return membership
