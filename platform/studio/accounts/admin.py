"""People, organisations and roles on the desk. Roles change through the actions alone."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils import timezone

from studio.accounts.actions import grant_role, revoke_role
from studio.accounts.forms import GrantForm, PersonForm, administered
from studio.accounts.models import Membership, Organisation, Role, RoleGrant, User
from studio.site import Register, person, site
from studio.trail.actions import note


def _for(request: HttpRequest, form: type[BaseForm]) -> type[BaseForm]:
    """The form for this person: a class of its own, because the panel makes its forms from classes."""
    return type(form.__name__, (form,), {"actor": request.user})


def _administers(request: HttpRequest) -> bool:
    return request.user.is_authenticated and administered(request.user).exists()


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
    """People. An administrator adds one with a first role."""

    organisation = "memberships__organisation"
    readers = (Role.ADMINISTRATOR,)
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """A person of several organisations is listed once."""
        return super().get_queryset(request).distinct()

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Never the password's hash."""
        if obj is None:
            return (*PersonForm.Meta.fields, "password1", "password2", "organisation", "role")
        return (*PersonForm.Meta.fields, "is_active", "is_staff", "is_superuser", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators bring people in."""
        return _administers(request)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The organisations on offer are those the person administers."""
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        return super().get_form(request, obj, change, form=_for(request, PersonForm), **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: PersonForm, change: bool) -> None:
        """Create the person, then give the role by its action."""
        role, organisation, at = Role(form.cleaned_data["role"]), form.cleaned_data["organisation"], timezone.now()
        obj.is_staff = role != Role.CREATOR
        super().save_model(request, obj, form, change)
        note(actor=person(request), verb="user.create", subject=obj, organisation=organisation.pk, at=at)
        grant_role(actor=person(request), user=obj, organisation=organisation, role=role, at=at)


@admin.register(RoleGrant, site=site)
class RoleGrantAdmin(Register):
    """Roles: giving one is `grant_role`, taking it away is `revoke_role`."""

    organisation = "membership__organisation"
    readers = (Role.ADMINISTRATOR, Role.AUDITOR)
    list_display = ("membership", "role")
    list_filter = ("role",)
    list_select_related = ("membership__user", "membership__organisation")
    search_fields = ("membership__user__username",)

    def get_fields(self, request: HttpRequest, obj: RoleGrant | None = None) -> tuple[str, ...]:
        """A new grant names the person; one that stands shows the membership."""
        return ("organisation", "username", "role") if obj is None else ("membership", "role")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators give roles."""
        return _administers(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators take them away, in their own organisations."""
        if obj is None:
            return _administers(request)
        return administered(person(request)).filter(pk=obj.membership.organisation_id).exists()

    def get_form(self, request: HttpRequest, obj: RoleGrant | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The organisations on offer are those the person administers."""
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        return super().get_form(request, obj, change, form=_for(request, GrantForm), **kwargs)

    def save_model(self, request: HttpRequest, obj: RoleGrant, form: GrantForm, change: bool) -> None:
        """By the action; whoever holds more than the creator's role may come to the desk."""
        user, role, organisation = (form.cleaned_data[name] for name in ("username", "role", "organisation"))
        obj.membership = grant_role(
            actor=person(request), user=user, organisation=organisation, role=Role(role), at=timezone.now()
        )
        obj.pk = RoleGrant.objects.get(membership=obj.membership, role=role).pk
        if role != Role.CREATOR:
            User.objects.filter(pk=user.pk).update(is_staff=True)

    def delete_model(self, request: HttpRequest, obj: RoleGrant) -> None:
        """By the action."""
        membership = obj.membership
        revoke_role(
            actor=person(request),
            user=membership.user,
            organisation=membership.organisation,
            role=Role(obj.role),
            at=timezone.now(),
        )

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoleGrant]) -> None:
        """Several, each by the action and with its own row in the trail."""
        for grant in queryset.select_related("membership__user", "membership__organisation"):
            self.delete_model(request, grant)
