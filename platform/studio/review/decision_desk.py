"""The page of one picture in review: everything to judge it by, what others say, and the decision.

A flagged picture is blurred until the reviewer reveals it, which the trail notes; it cannot be approved unseen. The
filters of the inbox stay in the address, so the next picture is the next one of those that the reviewer asked for.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studio import blobs
from studio.jobs.models import Picture
from studio.jobs.reading import readable_words
from studio.pages import MemberRequest, attempt
from studio.review import actions, commenting, describing, flags, inviting, looking
from studio.review.blurring import blurred_file
from studio.review.forms import CommentForm, DecideForm, FlagForm, InviteForm
from studio.review.inbox import JOINED, neighbours
from studio.review.inbox_filters import FilterForm, Filters, in_address
from studio.review.models import ReviewDecision, ReviewRequest
from studio.review.plans import standing
from studio.review.readers import Reader, readable, reader
from studio.review.rules import invites, may_review, part_in, reviews
from studio.review.views import picture_screenings
from studio.site import site
from studio.trail.actions import note
from studio.trail.models import AuditRow

REVEALED_FOR = timedelta(hours=1)
DECISIONS = ReviewDecision.objects.select_related("reviewer", "invitation__outsider", "stage").order_by("at")
PAGE = "admin:review_reviewrequest_change"
LIST = "admin:review_reviewrequest_changelist"


def find(who: Reader, pk: UUID | str) -> ReviewRequest:
    """A review that the person may read, or 404."""
    try:
        key = UUID(str(pk))
    except ValueError as error:
        raise Http404(_("No such review.")) from error
    return get_object_or_404(readable(who).select_related(*JOINED), pk=key)


def page(request: MemberRequest, pk: str) -> HttpResponse:
    """The page, and the decision that is sent from it."""
    who = reader(request.user)
    review = find(who, pk)
    if request.method != "POST":
        return show(request, who, review)
    form = DecideForm(request.POST)
    if form.is_valid() and form.cleaned_data["outcome"] == "APPROVED" and _unseen(request, review):
        form.add_error(None, _("It is flagged and you have not seen it: reveal it before you approve it."))
    if not form.is_valid():
        return show(request, who, review, status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
    status = attempt(
        form, lambda: actions.decide(actor=request.user, request=review, at=timezone.now(), **form.cleaned_data)
    )
    if status != HTTPStatus.OK:
        return show(request, who, find(who, pk), status=status, form=form)
    messages.success(request, _("Your decision is on record, bound to the file you saw."))
    following = _neighbours(request, who, review)["next"]
    return _to(request, PAGE, following) if following else _to(request, LIST)


def _neighbours(request: MemberRequest, who: Reader, review: ReviewRequest) -> dict[str, object]:
    """Those beside it among what the address asks for."""
    wanted = FilterForm(request.GET, who=who).filters() if in_address(request.GET) else Filters()
    return neighbours(who, review, wanted, at=timezone.now())


def _to(request: MemberRequest, name: str, *args: object) -> HttpResponseRedirect:
    """To another page of the list, as it is narrowed."""
    return redirect(reverse(name, args=args) + in_address(request.GET))


def show(
    request: MemberRequest, who: Reader, review: ReviewRequest, *, status: int = HTTPStatus.OK, **bound: forms.Form
) -> HttpResponse:
    """The page as it stands, with the form that was refused in its place."""
    now, picture, job = timezone.now(), review.picture, review.picture.job
    prefetch_related_objects([review], Prefetch("decisions", DECISIONS))
    part = part_in(review, request.user)
    ruling, waits = reviews(part), review.ended is None
    looks = looking.begin if ruling.allowed and waits else looking.seen
    others = _others(request, review)
    flagged = flags.flags_of([picture, *others])
    blank = {
        "form": DecideForm(initial={"seen_sha256": picture.sha256}),
        "comment_form": CommentForm(),
        "flag_form": FlagForm(auto_id="flag_%s"),
        "invite_form": InviteForm(),
    }
    context = {
        "title": _("Picture in review"),
        "review": review,
        "picture": picture,
        "job": job,
        "typed": readable_words(request, job, roles=part.roles),
        "screenings": [*picture_screenings(picture), *describing.about(picture)],
        "siblings": [one for one in others if one.pk not in flagged],
        "stages": standing(review),
        "decisions": review.decisions.all(),
        "earlier": _earlier(review),
        "waits": waits,
        "refusal": "" if ruling.allowed else ruling.reason,
        "flags": flagged.get(picture.pk, []),
        "open_flag": picture.pk in flagged and picture.flags.filter(lifted=None).exists(),
        "covered": picture.pk in flagged and not _revealed(request, picture),
        "look": looks(request.user, review, at=now),
        "comments": commenting.comments_on(picture),
        "invitations": review.invitations.select_related("outsider", "invited_by", "stage").order_by("at"),
        "may_invite": waits and invites(part).allowed,
        "kept": in_address(request.GET),
        **_neighbours(request, who, review),
        **blank,
        **bound,
    }
    return render(request, "admin/desk/decide.html", site.each_context(request) | context, status=status)


def _others(request: MemberRequest, review: ReviewRequest) -> list[Picture]:
    """The other pictures of its request; the flagged ones among them are looked at by themselves."""
    others = Picture.objects.visible_to(request.user).filter(job=review.picture.job_id).exclude(pk=review.picture_id)
    return list(others.select_related("job").order_by("index"))


def _earlier(review: ReviewRequest) -> ReviewDecision | None:
    """The refusal that this submission answers."""
    before = ReviewDecision.objects.filter(picture=review.picture, final=True).exclude(request=review)
    return before.filter(at__lte=review.at).select_related("reviewer", "invitation__outsider").order_by("-at").first()


def _unseen(request: MemberRequest, review: ReviewRequest) -> bool:
    """Whether the picture is still blurred for this person."""
    return flags.is_flagged(review.picture) and not _revealed(request, review.picture)


def _revealed(request: MemberRequest, picture: Picture) -> bool:
    """Whether this person revealed the flagged picture lately."""
    revealed = AuditRow.objects.filter(
        object_kind="picture",
        object_id=str(picture.pk),
        verb="picture.reveal",
        actor=request.user,
        at__gt=timezone.now() - REVEALED_FOR,
    )
    return revealed.exists()


@require_POST
def reveal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Show a flagged picture to this person for a while; that they looked is noted."""
    review = find(reader(request.user), pk)
    organisation = review.picture.job.project.organisation_id
    note(
        actor=request.user, verb="picture.reveal", subject=review.picture, organisation=organisation, at=timezone.now()
    )
    return _to(request, PAGE, review.pk)


@require_safe
@never_cache
def blurred(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The picture so that only its colours are left."""
    review = find(reader(request.user), pk)
    try:
        data = blobs.get(review.picture.sha256)
    except blobs.BlobError as error:
        raise Http404(_("The file is missing or was altered; an administrator has to look.")) from error
    return HttpResponse(blurred_file(data), content_type="image/png")


@require_POST
@never_cache
def keep_looking(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What the open page asks every few seconds: whether this person still looks, or somebody else does."""
    review = find(reader(request.user), pk)
    ruling = may_review(request.user, review)
    asks = looking.begin if "again" in request.POST else looking.renew
    look = (asks if ruling.allowed else looking.seen)(request.user, review, at=timezone.now())
    refusal = "" if ruling.allowed else ruling.reason
    context = {"review": review, "look": look, "waits": review.ended is None, "refusal": refusal}
    return render(request, "admin/desk/look.html", context)


@require_POST
def comment(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say something about the picture; the page's other forms keep what was typed."""
    review = find(reader(request.user), pk)
    form = CommentForm(request.POST)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        status = attempt(
            form, lambda: commenting.comment(actor=request.user, request=review, at=timezone.now(), **form.cleaned_data)
        )
    if request.headers.get("HX-Request"):
        context = {
            "review": review,
            "picture": review.picture,
            "waits": review.ended is None,
            "comments": commenting.comments_on(review.picture),
            "comment_form": CommentForm() if status == HTTPStatus.OK else form,
            "fresh": True,
            "kept": in_address(request.GET),
        }
        return render(request, "admin/desk/said.html", context)
    if status != HTTPStatus.OK:
        return show(request, reader(request.user), review, status=status, comment_form=form)
    return _to(request, PAGE, review.pk)


def _done(
    request: MemberRequest, review: ReviewRequest, form: forms.Form, name: str, verb: Callable[[], object], said: str
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        status = attempt(form, verb)
    if status != HTTPStatus.OK:
        return show(request, reader(request.user), review, status=status, **{name: form})
    messages.success(request, said)
    return _to(request, PAGE, review.pk)


def _done_without_words(
    request: MemberRequest, review: ReviewRequest, verb: Callable[[], object], said: str
) -> HttpResponse:
    form = forms.Form(request.POST)
    if form.is_valid() and attempt(form, verb) == HTTPStatus.OK:
        messages.success(request, said)
    for error in form.non_field_errors():
        messages.error(request, str(error))
    return _to(request, PAGE, review.pk)


@require_POST
def flag(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Warn the other reviewers."""
    review, form = find(reader(request.user), pk), FlagForm(request.POST, auto_id="flag_%s")

    def verb() -> object:
        return flags.flag(actor=request.user, picture=review.picture, at=timezone.now(), **form.cleaned_data)

    return _done(request, review, form, "flag_form", verb, _("It is flagged: blurred, and decided about by itself."))


@require_POST
def unflag(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take the reviewers' flag off."""
    review = find(reader(request.user), pk)

    def verb() -> None:
        flags.lift(actor=request.user, picture=review.picture, at=timezone.now())

    return _done_without_words(request, review, verb, _("The flag is off."))


@require_safe
def compare(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The picture beside another one of its request."""
    review = find(reader(request.user), pk)
    others = _others(request, review)
    flagged = flags.flags_of([review.picture, *others])
    siblings = [one for one in others if one.pk not in flagged]
    wanted = request.GET.get("with", "")
    other = next((one for one in siblings if str(one.pk) == wanted), siblings[0] if siblings else None)
    context: dict[str, Any] = {
        "title": _("Compare"),
        "review": review,
        "picture": review.picture,
        "other": other,
        "siblings": siblings,
        "covered": review.picture_id in flagged and not _revealed(request, review.picture),
        "kept": in_address(request.GET),
    }
    return render(request, "admin/desk/compare.html", site.each_context(request) | context)


@require_POST
def invite(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask somebody outside for a decision at the stage that waits."""
    review, form = find(reader(request.user), pk), InviteForm(request.POST)

    def verb() -> object:
        return inviting.send(
            actor=request.user,
            review=review,
            at=timezone.now(),
            root=request.build_absolute_uri("/"),
            **form.cleaned_data,
        )

    return _done(request, review, form, "invite_form", verb, _("The invitation is on its way; its link works once."))


@require_POST
def uninvite(request: MemberRequest, pk: UUID, invitation: UUID) -> HttpResponse:
    """Take an invitation back."""
    review = find(reader(request.user), pk)
    found = get_object_or_404(review.invitations, pk=invitation)

    def verb() -> None:
        inviting.revoke(actor=request.user, invitation=found, at=timezone.now())

    return _done_without_words(request, review, verb, _("The link opens nothing any more."))


def _staff(view: Any) -> Any:
    return site.admin_view(view)


urlpatterns = [
    path("desk/reviews/<uuid:pk>/reveal/", _staff(reveal), name="review-reveal"),
    path("desk/reviews/<uuid:pk>/blurred", _staff(blurred), name="review-blurred"),
    path("desk/reviews/<uuid:pk>/looking/", _staff(keep_looking), name="review-looking"),
    path("desk/reviews/<uuid:pk>/comments/", _staff(comment), name="review-comment"),
    path("desk/reviews/<uuid:pk>/flag/", _staff(flag), name="review-flag"),
    path("desk/reviews/<uuid:pk>/flag/lift/", _staff(unflag), name="review-unflag"),
    path("desk/reviews/<uuid:pk>/compare/", _staff(compare), name="review-compare"),
    path("desk/reviews/<uuid:pk>/invitations/", _staff(invite), name="review-invite"),
    path("desk/reviews/<uuid:pk>/invitations/<uuid:invitation>/revoke/", _staff(uninvite), name="review-uninvite"),
]
