"""Projects, campaigns and policy versions on the desk, read-only."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

from studio.projects.models import Campaign, PolicyVersion, Project
from studio.registers import Register
from studio.site import site


@admin.register(Project, site=site)
class ProjectRegister(Register):
    """Lines of work."""

    organisation = "organisation"
    list_display = ("name", "organisation", "label", "budget", "created")
    list_select_related = ("organisation",)
    search_fields = ("name", "slug")

    def page_of(self, row: Any) -> str:
        """Its campaigns and newest pictures."""
        return reverse("project", args=[row.pk])


@admin.register(Campaign, site=site)
class CampaignRegister(Register):
    """Why pictures are made."""

    organisation = "project__organisation"
    list_display = ("name", "project", "languages", "created")
    list_select_related = ("project",)
    search_fields = ("name", "slug", "purpose")

    def page_of(self, row: Any) -> str:
        """Its pictures and requests."""
        return reverse("campaign", args=[row.pk])


@admin.register(PolicyVersion, site=site)
class PolicyRegister(Register):
    """Policies as they were in force, with author and approver."""

    organisation = "organisation"
    list_display = ("organisation", "project", "number", "author", "approver", "published", "digest")
    list_select_related = ("organisation", "project", "author", "approver")
    search_fields = ("digest",)

    def page_of(self, row: Any) -> str:
        """The policy in sentences."""
        return reverse("policy-version", args=[row.pk])
