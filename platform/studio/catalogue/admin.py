"""Models on the desk: which weights, under which licence, approved by whom. The same list for every organisation."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studio.catalogue.models import Model
from studio.site import Register, site


@admin.register(Model, site=site)
class ModelRegister(Register):
    """Registered models, read-only."""

    organisation = "pk"
    list_display = ("title", "family", "licence", "state", "approved_by", "registered")
    list_filter = ("state", "licence")
    search_fields = ("title", "slug", "digest")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Models belong to the installation."""
        return Model.objects.select_related("approved_by")
