"""Whose books somebody may read: those of the organisations in which they are an auditor, and nobody else's."""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from studio.accounts.models import Organisation, Role, RoleGrant, User
from studio.accounts.rules import holds, organisations_of
from studio.pages import MemberRequest


def audited_by(user: User) -> QuerySet[Organisation]:
    """The organisations in which `user` is an auditor."""
    grants = RoleGrant.objects.filter(membership__user=user, role=Role.AUDITOR)
    return organisations_of(user).filter(pk__in=grants.values("membership__organisation")).order_by("name")


def find_audited(request: MemberRequest, pk: UUID) -> Organisation:
    """An organisation whose books the person reads: 404 for an outsider's, PermissionDenied for other members'."""
    organisation: Organisation = get_object_or_404(organisations_of(request.user), pk=pk)
    holds(request.user, organisation, Role.AUDITOR).enforce()
    return organisation
