"""Who may do what: pure functions from an actor's roles to a ruling with its reason.

Roles come from the database at every call, so a role taken away is gone at the next request.
"""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext as _

from studio.accounts.models import Membership, Organisation, Role, RoleGrant, User


@dataclass(frozen=True, slots=True)
class Ruling:
    """Allowed or not, and why, in words for the person who asked."""

    allowed: bool
    reason: str

    def enforce(self) -> None:
        """Raise PermissionDenied with the reason unless allowed."""
        if not self.allowed:
            raise PermissionDenied(self.reason)


def roles_of(user: User, organisation: Organisation) -> frozenset[str]:
    """The roles `user` holds in `organisation` now; being a superuser adds none."""
    if not user.is_active:
        return frozenset()
    grants = RoleGrant.objects.filter(membership__user=user, membership__organisation=organisation)
    return frozenset(grants.values_list("role", flat=True))


def holds(user: User, organisation: Organisation, *roles: Role) -> Ruling:
    """Whether `user` holds at least one of `roles` in `organisation`."""
    return one_of(roles_of(user, organisation), organisation, *roles)


def one_of(held: frozenset[str], organisation: Organisation, *roles: Role) -> Ruling:
    """The same of somebody who is known to hold the roles `held` there."""
    if held & set(roles):
        return Ruling(allowed=True, reason="role held")
    wanted = f" {_('or')} ".join(str(Role(role).label).lower() for role in roles)
    return Ruling(
        allowed=False,
        reason=_("This needs the role of %(wanted)s in %(name)s.") % {"wanted": wanted, "name": organisation.name},
    )


def organisations_of(user: User) -> models.QuerySet[Organisation]:
    """The organisations in which `user` holds a role; none for a visitor."""
    if not user.is_authenticated or not user.is_active:
        return Organisation.objects.none()
    return Organisation.objects.filter(memberships__user=user, memberships__grants__isnull=False).distinct()


def membership_of(user: User, organisation: Organisation) -> Membership:
    """The membership itself. Raises PermissionDenied for an outsider."""
    membership = Membership.objects.filter(user=user, organisation=organisation).first()
    if membership is None:
        raise PermissionDenied(_("You are not a member of %(name)s.") % {"name": organisation.name})
    return membership


def administered(user: User) -> models.QuerySet[Organisation]:
    """Where `user` may give roles. The operator founds organisations, and gives roles only where they hold that one."""
    return Organisation.objects.filter(memberships__user=user, memberships__grants__role=Role.ADMINISTRATOR).distinct()


def sole_publisher() -> Organisation | None:
    """The organisation of an installation that has one alone: to strangers, this is its house."""
    found = Organisation.objects.order_by("name")[:2]
    return found[0] if len(found) == 1 else None
