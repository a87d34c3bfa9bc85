"""The trail on the desk, for auditors and administrators: every action, and what the ledger is owed for it.

Registered here and not in the trail itself, which is the lowest app and knows neither roles nor the desk.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studio.accounts.models import Role
from studio.site import Register, organisations_as, person, site
from studio.trail.models import AuditRow, LedgerIntent


@admin.register(AuditRow, site=site)
class AuditRegister(Register):
    """Actions, newest first."""

    organisation = "organisation"
    readers = (Role.AUDITOR, Role.ADMINISTRATOR)
    list_display = ("at", "actor", "verb", "object_kind", "object_id")
    list_filter = ("verb", "object_kind")
    list_select_related = ("actor",)
    search_fields = ("object_id", "actor__username")
    date_hierarchy = "at"
    ordering = ("-at",)


@admin.register(LedgerIntent, site=site)
class IntentRegister(Register):
    """Entries owed to the ledger, and where they stand in it."""

    organisation = "log"
    readers = (Role.AUDITOR, Role.ADMINISTRATOR)
    list_display = ("kind", "sequence", "log", "row", "created", "appended")
    list_filter = ("kind",)
    search_fields = ("entry", "row", "leaf", "asset_sha256")
    ordering = ("-created",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """An intent names its log, not its organisation."""
        own = organisations_as(person(request), self.readers)
        return LedgerIntent.objects.filter(log__in=own.values("log"))
