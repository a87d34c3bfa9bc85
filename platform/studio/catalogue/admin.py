"""Models on the desk: which weights, under which licence, approved by whom. The same list for every organisation."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Organisation, Role
from studio.catalogue.actions import approve_model
from studio.catalogue.licences import Use
from studio.catalogue.models import Lesson, Material, Model, ModelDecision
from studio.registers import Register, Worded
from studio.site import person, site


@admin.register(Model, site=site)
class ModelRegister(Register):
    """Registered models. A custodian approves them for use; nothing else changes here."""

    organisation = "organisation"
    list_display = ("title", "organisation", "family", "licence", "state", "approved_by", "registered")
    list_filter = ("state", ("licence", Worded))
    search_fields = ("title", "slug", "digest")
    list_select_related = ("organisation", "approved_by")
    actions = ("approve",)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """Custodians approve."""
        kept = {"memberships__user": person(request), "memberships__grants__role": Role.CUSTODIAN}
        return Organisation.objects.filter(**kept).exists()

    @admin.action(description=_("Approve for use"), permissions=["approve"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        """Approve those that wait, each by its action, which asks for the custodian of its own organisation."""
        waiting = list(queryset.filter(state=Model.State.UNAPPROVED))
        for model in waiting:
            approve_model(actor=person(request), model=model, at=timezone.now())
        names = ", ".join(map(str, waiting)) or gettext("none, because none waited")
        self.message_user(request, gettext("Approved: %(names)s.") % {"names": names}, messages.SUCCESS)

    def page_of(self, row: Any) -> str:
        """Its card and what taught it."""
        return reverse("model", args=[row.pk])


@admin.register(ModelDecision, site=site)
class ModelDecisionRegister(Register):
    """What custodians decided about models, and in which words."""

    organisation = "model__organisation"
    list_display = ("model", "outcome", "custodian", "words", "at")
    words: ClassVar = {"uses": lambda kept: str(Use(kept).label)}
    list_filter = ("outcome",)
    list_select_related = ("model", "custodian")
    date_hierarchy = "at"


@admin.register(Material, site=site)
class MaterialRegister(Register):
    """What taught the models: the search finds a file by its SHA-256, and a consent by its reference."""

    organisation = "model__organisation"
    list_display = ("name", "model", "licence", "source", "consent", "sha256")
    list_filter = (("licence", Worded),)
    list_select_related = ("model",)
    search_fields = ("name", "sha256", "licence", "source", "consent")


@admin.register(Lesson, site=site)
class LessonRegister(Register):
    """What models are being taught, and what came of it."""

    organisation = "parent__organisation"
    list_display = ("concept", "state", "parent", "custodian", "model", "asked", "ended")
    list_filter = ("state",)
    list_select_related = ("parent", "custodian__user", "custodian__organisation", "model")
    search_fields = ("id", "concept")
    date_hierarchy = "asked"

    def page_of(self, row: Any) -> str:
        """How far it has come."""
        return reverse("lesson", args=[row.pk])
