"""Roles as rows. Whoever gets or loses one signs in anew, so that what they may do and how they prove it agree.

No rule and no audit row: those are in the actions. Runs inside their transaction.
"""

from django.db.models import F

from studio.accounts.models import Membership, Organisation, Role, RoleGrant, User


def give(user: User, organisation: Organisation, role: Role) -> Membership:
    """The role, unless it is held; the desk opens to everybody but creators."""
    membership, _ = Membership.objects.get_or_create(user=user, organisation=organisation)
    _, new = RoleGrant.objects.get_or_create(membership=membership, role=role)
    if new:
        _seat(user)
        end_sessions(user)
    return membership


def take(membership: Membership, role: Role) -> bool:
    """Whether there was such a role to take."""
    gone, _ = RoleGrant.objects.filter(membership=membership, role=role).delete()
    if gone:
        _seat(membership.user)
        end_sessions(membership.user)
    return bool(gone)


def end_sessions(user: User) -> None:
    """Sign a person out everywhere."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def _seat(user: User) -> None:
    """Whether the desk is open to them."""
    user.is_staff = user.is_superuser or (
        RoleGrant.objects.filter(membership__user=user).exclude(role=Role.CREATOR).exists()
    )
    User.objects.filter(pk=user.pk).update(is_staff=user.is_staff)
