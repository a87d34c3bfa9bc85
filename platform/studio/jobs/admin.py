"""Requests, pictures and screenings on the desk, read-only. What a person typed is on none of them."""

from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from studio.jobs.models import Job, Picture, Screening, Shaper
from studio.jobs.states import VISIBLE
from studio.registers import Register, Worded
from studio.site import site
from studio.templatetags.stamps import state
from studio.wording import read_out

HOW = {"request": _("asked for it"), "submission": _("submitted a picture of it for review")}


@admin.register(Job, site=site)
class JobRegister(Register):
    """Requests for pictures."""

    organisation = "project__organisation"
    list_display = ("id", "state", "campaign", "requester", "model", "count", "submitted", "ended")
    list_filter = ("state", "model")
    list_select_related = ("campaign", "requester__user", "requester__organisation", "model")
    search_fields = ("id", "request_digest", "prompt_commitment")
    date_hierarchy = "submitted"

    def page_of(self, row: Any) -> str:
        """The request's own page."""
        return reverse("request", args=[row.pk])


@admin.register(Picture, site=site)
class PictureRegister(Register):
    """Pictures with their files' digests and their places in the ledger."""

    organisation = "job__project__organisation"
    list_display = ("id", "state", "job", "index", "sequence", "sha256", "created")
    # People count from one.
    words: ClassVar = {"index": lambda place: str(place + 1)}
    list_filter = ("state",)
    list_select_related = ("job",)
    search_fields = ("id", "sha256", "pixel_sha256", "manifest")
    date_hierarchy = "created"

    def page_of(self, row: Any) -> str:
        """The picture page, once there is something to see."""
        return reverse("picture", args=[row.pk]) if row.state in VISIBLE else ""


@admin.register(Screening, site=site)
class ScreeningRegister(Register):
    """What the screens decided, whole."""

    organisation = "job__project__organisation"
    list_display = ("id", "action", "job", "subject", "picture", "at")
    list_filter = (("action", Worded), "reference")
    words: ClassVar = {"action": state, "reasons": read_out}
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
    words: ClassVar = {"how": lambda kept: str(HOW.get(kept, kept))}
    list_select_related = ("user", "job")
    search_fields = ("user__username", "job__id")
