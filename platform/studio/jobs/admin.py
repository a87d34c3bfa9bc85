"""Requests, pictures and screenings on the desk, read-only. What a person typed is on none of them."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from studio.jobs.models import Job, Picture, Screening, Shaper
from studio.site import Register, site


@admin.register(Job, site=site)
class JobRegister(Register):
    """Requests for pictures."""

    organisation = "project__organisation"
    list_display = ("id", "state", "campaign", "requester", "model", "count", "submitted", "ended")
    list_filter = ("state", "model")
    list_select_related = ("campaign", "requester__user", "requester__organisation", "model")
    search_fields = ("id", "request_digest", "prompt_commitment")
    date_hierarchy = "submitted"


@admin.register(Picture, site=site)
class PictureRegister(Register):
    """Pictures with their files' digests and their places in the ledger."""

    organisation = "job__project__organisation"
    list_display = ("id", "state", "job", "index", "sequence", "sha256", "created")
    list_filter = ("state",)
    list_select_related = ("job",)
    search_fields = ("id", "sha256", "pixel_sha256", "manifest")
    date_hierarchy = "created"


@admin.register(Screening, site=site)
class ScreeningRegister(Register):
    """What the screens decided, whole."""

    organisation = "job__project__organisation"
    list_display = ("id", "action", "job", "subject", "picture", "at")
    list_filter = ("action", "reference")
    list_select_related = ("job", "picture")
    search_fields = ("id", "job__id", "picture__id")

    @admin.display(description=_("What was screened"))
    def subject(self, screening: Screening) -> str:
        """The words, a picture to start from, or a finished one."""
        return screening.subject


@admin.register(Shaper, site=site)
class ShaperRegister(Register):
    """Who had a hand in a request, and so decides nothing about it."""

    organisation = "job__project__organisation"
    list_display = ("user", "job", "how")
    list_select_related = ("user", "job")
    search_fields = ("user__username", "job__id")
