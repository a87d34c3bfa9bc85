"""The trail on the desk, for auditors and administrators: every action, and what the ledger is owed for it.

Registered here and not in the trail itself, which is the lowest app and knows neither roles nor the desk.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from studio.accounts.models import Organisation, Role
from studio.audit.selecting import KINDS
from studio.registers import Register, Worded
from studio.site import organisations_as, person, site
from studio.trail.models import AuditRow, LedgerIntent


def _house(pk: UUID) -> str:
    """An organisation by its name; an audit row has but its key."""
    return Organisation.objects.values_list("name", flat=True).filter(pk=pk).first() or str(pk)


@admin.register(AuditRow, site=site)
class AuditRegister(Register):
    """Actions, newest first."""

    organisation = "organisation"
    readers = (Role.AUDITOR, Role.ADMINISTRATOR)
    list_display = ("at", "actor", "verb", "object_kind", "object_id")
    list_filter = (("verb", Worded), ("object_kind", Worded))
    words: ClassVar = {"organisation": _house}
    list_select_related = ("actor",)
    search_fields = ("object_id", "actor__username")
    date_hierarchy = "at"
    ordering = ("-at",)

    def subject_of(self, row: Any) -> object:
        """What the deed was done to, not the deed."""
        return row.object_id


@admin.register(LedgerIntent, site=site)
class IntentRegister(Register):
    """Entries owed to the ledger, and where they stand in it."""

    organisation = "log"
    readers = (Role.AUDITOR, Role.ADMINISTRATOR)
    list_display = ("kind", "sequence", "log", "row", "created", "appended")
    list_filter = (("kind", Worded),)
    words: ClassVar = {"kind": lambda kept: str(KINDS.get(kept, kept))}
    search_fields = ("entry", "row", "leaf", "asset_sha256")
    ordering = ("-created",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """An intent names its log, not its organisation."""
        own = organisations_as(person(request), self.readers)
        return LedgerIntent.objects.filter(log__in=own.values("log"))

    def subject_of(self, row: Any) -> object:
        """What caused the entry."""
        return row.row
