"""The reviewer's inbox on the desk: a contact sheet of what waits, and approving several pictures of one request."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from studio.pages import MemberRequest, attempt
from studio.review import bulk
from studio.review.inbox import JOINED, batches, due_counts, keys, ordered, read
from studio.review.inbox_filters import DUE, WAITING, FilterForm, Filters, in_address
from studio.review.readers import readable, reader
from studio.site import site

CARDS_A_PAGE = 60
LIST = "admin:review_reviewrequest_changelist"


@require_safe
def inbox(request: MemberRequest) -> HttpResponse:
    """What waits, or was decided, as a contact sheet."""
    who, now = reader(request.user), timezone.now()
    form = FilterForm(request.GET, who=who)
    wanted = form.filters()
    leaf = Paginator(keys(wanted, who, at=now), CARDS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Inbox"),
        "form": form,
        "leaf": leaf,
        "batches": batches(read(leaf.object_list), who, at=now),
        "wanted": wanted,
        "dues": _dues(request, wanted, due_counts(wanted, who, at=now)) if wanted.shown == WAITING else [],
        "scope": form.scope(),
        "narrowed": wanted != Filters(),
        "kept": in_address(request.GET),
    }
    return render(request, "admin/desk/inbox.html", site.each_context(request) | context)


def _dues(request: MemberRequest, wanted: Filters, counts: dict[str, int]) -> list[tuple[str, int, str, bool]]:
    """What waits by when it is needed: the words, how many, the address, and whether it is what is shown. Where
    nothing has a day that is near, there is nothing to choose from."""
    words = {"": _("All that waits"), **dict(DUE)}
    found = [
        (str(word), counts[name or "all"], in_address(request.GET, due=name), wanted.due == name)
        for name, word in words.items()
        if not name or counts[name] or wanted.due == name
    ]
    return found if len(found) > 1 else []


@require_POST
def approve_together(request: MemberRequest) -> HttpResponse:
    """Approve the chosen pictures of one request, each for itself; back to the list as it was narrowed."""
    seen, who = dict(_seen(request.POST.getlist("seen"))), reader(request.user)
    reviews = list(ordered(readable(who).filter(pk__in=seen), who).select_related(*JOINED))
    done: list[bulk.Approved] = []
    form = forms.Form(request.POST)
    form.is_valid()
    status = attempt(
        form,
        lambda: done.append(bulk.approve_together(actor=request.user, reviews=reviews, seen=seen, at=timezone.now())),
    )
    if status != HTTPStatus.OK:
        for error in form.non_field_errors():
            messages.error(request, str(error))
    for outcome in done:
        _tell(request, outcome)
    return redirect(reverse(LIST) + in_address(request.GET))


def _seen(values: list[str]) -> list[tuple[UUID, str]]:
    """The chosen reviews with the files that were on the page; what is no such pair chooses nothing."""
    pairs = []
    for value in values:
        key, _colon, sha256 = value.partition(":")
        try:
            pairs.append((UUID(key), sha256))
        except ValueError:
            continue
    return pairs


def _tell(request: MemberRequest, outcome: bulk.Approved) -> None:
    if outcome.count:
        said = ngettext(
            "%(count)s picture is approved, with a decision of its own.",
            "%(count)s pictures are approved, each with a decision of its own.",
            outcome.count,
        )
        messages.success(request, said % {"count": outcome.count})
    for refusal in outcome.refusals:
        messages.warning(request, refusal)


urlpatterns = [path("desk/reviews/approve/", site.admin_view(approve_together), name="approve-together")]
