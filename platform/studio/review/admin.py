"""The reviewer's inbox, and the registers of what was decided."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from studio.accounts.models import Role
from studio.jobs.models import Picture
from studio.jobs.reading import readable_words
from studio.jobs.states import PictureState
from studio.pages import MemberRequest, attempt
from studio.review import actions, desk, quality_desk
from studio.review.forms import DecideForm
from studio.review.models import HoldRuling, Release, ReviewDecision, ReviewRequest, Withdrawal
from studio.review.rules import may_review
from studio.review.views import JOINED, picture_screenings
from studio.site import Register, site

site.pages += [*desk.urlpatterns, *quality_desk.urlpatterns]


class WaitingFilter(admin.SimpleListFilter):
    """Undecided requests unless all are asked for."""

    title = "decision"
    parameter_name = "shown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Besides the default."""
        return [("decided", "Decided"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The default says what it is."""
        first, *others = super().choices(changelist)
        return [{**first, "display": "Waiting"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Waiting, decided or all."""
        if self.value() == "all":
            return queryset
        return queryset.filter(ended__isnull=self.value() != "decided")


@admin.register(ReviewRequest, site=site)
class Inbox(Register):
    """Pictures that wait for a decision, due first; opening one is the decision page."""

    organisation = "picture__job__project__organisation"
    readers = (Role.REVIEWER, Role.AUDITOR)
    list_display = ("look", "campaign", "purpose", "maker", "due", "at")
    list_display_links = ("look", "campaign")
    list_filter = (WaitingFilter,)
    list_select_related = ("picture__job__campaign", "maker")
    search_fields = ("purpose", "alt_text", "picture__job__campaign__name")
    ordering = (F("due").asc(nulls_last=True), "at")

    @admin.display(description="picture")
    def look(self, row: ReviewRequest) -> str:
        """The picture itself, small."""
        address = reverse("picture-file", args=[row.picture_id, "signed"])
        return format_html('<img class="desk-look" src="{}" width="72" height="72" alt="{}">', address, row.alt_text)

    @admin.display(description="campaign", ordering="picture__job__campaign__name")
    def campaign(self, row: ReviewRequest) -> str:
        """What it is for."""
        return row.picture.job.campaign.name

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The decision page."""
        found = self._find(request, object_id)
        if request.method != "POST":
            return _page(cast(MemberRequest, request), found, _blank(found), HTTPStatus.OK)
        return _decide(cast(MemberRequest, request), found)

    def _find(self, request: HttpRequest, object_id: str) -> ReviewRequest:
        joined = ("maker", *(f"picture__{name}" for name in JOINED))
        try:
            found: ReviewRequest = get_object_or_404(self.get_queryset(request).select_related(*joined), pk=object_id)
            return found
        except ValidationError as error:
            raise Http404("No such request.") from error


def _blank(review: ReviewRequest) -> DecideForm:
    return DecideForm(initial={"seen_sha256": review.picture.sha256})


def _decide(request: MemberRequest, review: ReviewRequest) -> HttpResponse:
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _page(request, review, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    status = attempt(
        form,
        lambda: actions.decide(actor=request.user, request=review, at=timezone.now(), **form.cleaned_data),
    )
    if status != HTTPStatus.OK:
        return _page(request, review, form, status)
    messages.success(request, "Your decision is on record, bound to the file you saw.")
    following = _neighbours(request, review)["next"]
    return redirect("admin:review_reviewrequest_change", following) if following else redirect("admin:desk")


def _page(request: MemberRequest, review: ReviewRequest, form: DecideForm, status: int) -> HttpResponse:
    picture = Picture.objects.select_related(*JOINED).get(pk=review.picture_id)
    ruling = may_review(request.user, review)
    context = {
        "title": "Picture in review",
        "review": review,
        "picture": picture,
        "job": picture.job,
        "form": form,
        "typed": readable_words(request, picture.job),
        "screenings": picture_screenings(picture),
        "siblings": Picture.objects.visible_to(request.user).filter(job=picture.job).exclude(pk=picture.pk),
        "decision": review.decisions.select_related("reviewer", "invitation__outsider").order_by("-at").first(),
        "waits": picture.state == PictureState.IN_REVIEW,
        "refusal": "" if ruling.allowed else ruling.reason,
        **_neighbours(request, review),
    }
    return render(request, "admin/desk/decide.html", site.each_context(request) | context, status=status)


def _neighbours(request: MemberRequest, review: ReviewRequest) -> dict[str, Any]:
    """The undecided requests before and after this one in the inbox's order, its place, and how many wait."""
    waiting = ReviewRequest.objects.filter(picture__job__in=desk.reviewed_by(request), ended=None)
    keys = list(waiting.order_by(F("due").asc(nulls_last=True), "at").values_list("pk", flat=True)[:500])
    place = keys.index(review.pk) if review.pk in keys else -1
    return {
        "previous": keys[place - 1] if place > 0 else None,
        "next": keys[place + 1] if place + 1 < len(keys) else None,
        "place": place + 1,
        "waiting": len(keys),
    }


@admin.register(ReviewDecision, site=site)
class DecisionRegister(Register):
    """Decisions, each bound to a file, a policy and a recipe."""

    organisation = "picture__job__project__organisation"
    list_display = ("at", "outcome", "reviewer", "picture", "sha256")
    list_filter = ("outcome",)
    list_select_related = ("reviewer", "picture")
    search_fields = ("sha256", "picture__id", "reviewer__username")
    date_hierarchy = "at"


@admin.register(HoldRuling, site=site)
class RulingRegister(Register):
    """Rulings on what a screen held."""

    organisation = "job__project__organisation"
    list_display = ("at", "let_through", "reviewer", "job", "picture", "reason")
    list_filter = ("let_through",)
    list_select_related = ("reviewer", "job", "picture")
    search_fields = ("job__id", "picture__id", "reviewer__username")
    date_hierarchy = "at"


@admin.register(Release, site=site)
class ReleaseRegister(Register):
    """Releases; one without a time waits for the signing worker."""

    organisation = "picture__job__project__organisation"
    list_display = ("picture", "released_by", "asked", "at", "sha256")
    list_select_related = ("picture", "released_by")
    search_fields = ("picture__id", "sha256", "manifest")
    date_hierarchy = "asked"


@admin.register(Withdrawal, site=site)
class WithdrawalRegister(Register):
    """Recalled releases."""

    organisation = "picture__job__project__organisation"
    list_display = ("at", "picture", "withdrawn_by", "public_reason")
    list_select_related = ("picture", "withdrawn_by")
    search_fields = ("picture__id", "public_reason")
    date_hierarchy = "at"
