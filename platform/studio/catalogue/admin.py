"""Models on the desk: which weights, under which licence, approved by whom. The same list for every organisation."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from studio.accounts.models import Organisation, Role
from studio.catalogue.actions import approve_model
from studio.catalogue.models import Model
from studio.site import Register, person, site


@admin.register(Model, site=site)
class ModelRegister(Register):
    """Registered models. A custodian approves them for use; nothing else changes here."""

    organisation = "organisation"
    list_display = ("title", "organisation", "family", "licence", "state", "approved_by", "registered")
    list_filter = ("state", "licence")
    search_fields = ("title", "slug", "digest")
    list_select_related = ("organisation", "approved_by")
    actions = ("approve",)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Custodians approve."""
        kept = {"memberships__user": person(request), "memberships__grants__role": Role.CUSTODIAN}
        return Organisation.objects.filter(**kept).exists()

    @admin.action(description="Approve for use", permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """Approve those that wait, each by its action, which asks for the custodian of its own organisation."""
        waiting = list(queryset.filter(state=Model.State.UNAPPROVED))
        for model in waiting:
            approve_model(actor=person(request), model=model, at=timezone.now())
        names = ", ".join(map(str, waiting)) or "none, because none waited"
        self.message_user(request, f"Approved: {names}.", messages.SUCCESS)
