"""The reviewer's pages in the panel, and the registers of what was decided."""

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from studio.pages import MemberRequest
from studio.registers import Register
from studio.review import decided_desk, decision_desk, desk, inbox_desk, plan_desk, quality_desk, recall_desk
from studio.review.models import HoldRuling, Release, ReviewDecision, ReviewRequest, Withdrawal
from studio.review.readers import READERS
from studio.review.reasons import REASONS
from studio.site import site

site.pages += [
    *desk.urlpatterns,
    *inbox_desk.urlpatterns,
    *decision_desk.urlpatterns,
    *decided_desk.urlpatterns,
    *plan_desk.urlpatterns,
    *quality_desk.urlpatterns,
    *recall_desk.urlpatterns,
]


@admin.register(ReviewRequest, site=site)
class Inbox(Register):
    """Pictures in review. The panel's own list and form give way to the inbox and the decision page."""

    organisation = "picture__job__project__organisation"
    readers = READERS

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The inbox."""
        if not self.has_view_permission(request):
            raise PermissionDenied(_("The inbox is for reviewers, auditors and administrators."))
        return inbox_desk.inbox(cast(MemberRequest, request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The decision page."""
        return decision_desk.page(cast(MemberRequest, request), object_id)


@admin.register(ReviewDecision, site=site)
class DecisionRegister(Register):
    """Decisions, each bound to a file, a policy and a recipe."""

    organisation = "picture__job__project__organisation"
    list_display = ("at", "outcome", "stage", "final", "by", "picture", "sha256")
    list_filter = ("outcome", "final")
    words: ClassVar = {"reasons": lambda code: str(REASONS.get(code, code))}
    list_select_related = ("reviewer", "invitation__outsider", "stage", "picture")
    search_fields = ("sha256", "picture__id", "reviewer__username")
    date_hierarchy = "at"

    @admin.display(description=gettext_lazy("Who"))
    def by(self, decision: ReviewDecision) -> str:
        """A member, or somebody outside."""
        return decision.by

    def page_of(self, row: Any) -> str:
        """What it was decided about."""
        return reverse("admin:review_reviewrequest_change", args=[row.request_id])


@admin.register(HoldRuling, site=site)
class RulingRegister(Register):
    """Rulings on what a screen held."""

    organisation = "job__project__organisation"
    list_display = ("at", "let_through", "reviewer", "job", "picture", "reason")
    list_filter = ("let_through",)
    list_select_related = ("reviewer", "job", "picture")
    search_fields = ("job__id", "picture__id", "reviewer__username")
    date_hierarchy = "at"

    def page_of(self, row: Any) -> str:
        """What was held."""
        return (
            reverse("admin:rule-picture", args=[row.picture_id])
            if row.picture_id
            else reverse("admin:rule-request", args=[row.job_id])
        )


@admin.register(Release, site=site)
class ReleaseRegister(Register):
    """Releases; one without a time waits for the signing worker."""

    organisation = "picture__job__project__organisation"
    list_display = ("picture", "released_by", "asked", "at", "sha256")
    list_select_related = ("picture", "released_by")
    search_fields = ("picture__id", "sha256", "manifest")
    date_hierarchy = "asked"

    def page_of(self, row: Any) -> str:
        """The picture that was released."""
        return reverse("picture", args=[row.picture_id])


@admin.register(Withdrawal, site=site)
class WithdrawalRegister(Register):
    """Recalled releases."""

    organisation = "picture__job__project__organisation"
    list_display = ("at", "picture", "withdrawn_by", "public_reason")
    list_select_related = ("picture", "withdrawn_by")
    search_fields = ("picture__id", "public_reason")
    date_hierarchy = "at"

    def page_of(self, row: Any) -> str:
        """The picture that was withdrawn."""
        return reverse("picture", args=[row.picture_id])
