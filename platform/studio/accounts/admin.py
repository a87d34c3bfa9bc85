"""People, organisations and roles on the desk, to read. They change on the pages of an organisation's people."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studio.accounts.models import Invitation, Membership, OperatorAct, Organisation, Role, RoleGrant, User
from studio.registers import Register
from studio.site import site


@admin.register(Organisation, site=site)
class OrganisationAdmin(Register):
    """Organisations, read-only."""

    organisation = "pk"
    list_display = ("name", "slug", "log", "created")


@admin.register(Membership, site=site)
class MembershipAdmin(Register):
    """Who belongs where, and under which pseudonym the ledger knows them."""

    organisation = "organisation"
    readers = (Role.ADMINISTRATOR, Role.AUDITOR)
    list_display = ("user", "organisation", "pseudonym")
    list_select_related = ("user", "organisation")
    search_fields = ("user__username", "pseudonym")


@admin.register(User, site=site)
class PersonAdmin(Register):
    """People, read-only, and never the password's hash."""

    organisation = "memberships__organisation"
    readers = (Role.ADMINISTRATOR,)
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    fields = (*search_fields, "is_active", "is_staff", "is_superuser", "date_joined", "last_login")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """A person of several organisations is listed once."""
        return super().get_queryset(request).distinct()


@admin.register(RoleGrant, site=site)
class RoleGrantAdmin(Register):
    """Roles, read-only."""

    organisation = "membership__organisation"
    readers = (Role.ADMINISTRATOR, Role.AUDITOR)
    list_display = ("membership", "role")
    list_filter = ("role",)
    list_select_related = ("membership__user", "membership__organisation")
    search_fields = ("membership__user__username",)
    fields = ("membership", "role")


@admin.register(OperatorAct, site=site)
class OperatorActAdmin(Register):
    """What the operator of the installation did from outside of the organisation's roles, read-only."""

    organisation = "organisation"
    readers = (Role.ADMINISTRATOR, Role.AUDITOR)
    list_display = ("at", "kind", "operator", "organisation", "reason")
    list_select_related = ("operator", "organisation")


@admin.register(Invitation, site=site)
class InvitationAdmin(Register):
    """Who was invited, by whom, and what became of it; read-only, and never the secret's digest."""

    organisation = "organisation"
    readers = (Role.ADMINISTRATOR, Role.AUDITOR)
    list_display = ("email", "organisation", "invited_by", "made", "accepted", "accepted_by", "withdrawn")
    list_select_related = ("organisation", "invited_by", "accepted_by")
    search_fields = ("email",)
    words: ClassVar = {"roles": lambda role: str(Role(role).label)}
    fields = ("email", "organisation", "roles", "invited_by", "made", "expires", "accepted", "accepted_by", "withdrawn")
