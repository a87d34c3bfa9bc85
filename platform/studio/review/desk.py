"""The reviewer's pages on the desk: what is held, and the decision about a picture in review.

- Somebody who shaped a request sees it here, but is told why somebody else must decide.
- Pixels that a screen held back, and those that a held request starts from, are shown only after a deliberate reveal,
  which the trail notes before they leave.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio.accounts.models import Organisation, Role
from studio.jobs import reference
from studio.jobs.finishing import pixels_of
from studio.jobs.models import Job, Picture
from studio.jobs.reading import readable_words
from studio.jobs.screening import label_of
from studio.jobs.states import JobState, PictureState
from studio.jobs.words import ErasedError
from studio.pages import MemberRequest, attempt
from studio.review import rulings
from studio.review.answering import grant_with_term
from studio.review.blurring import blurred, data_address, png
from studio.review.forms import AppealRuleForm, RuleForm
from studio.review.rules import may_decide
from studio.site import organisations_as, site
from studio.trail.actions import note

JOINED = ("campaign", "project__organisation", "model", "policy", "requester__user")


def _own(request: MemberRequest) -> QuerySet[Organisation]:
    """The organisations in which the person is a reviewer; being the operator is no way in."""
    return organisations_as(request.user, [Role.REVIEWER]).filter(
        memberships__user=request.user, memberships__grants__role=Role.REVIEWER
    )


def reviewed_by(request: MemberRequest) -> QuerySet[Job]:
    """Their requests."""
    return Job.objects.filter(project__organisation__in=_own(request).values("pk")).select_related(*JOINED)


@require_safe
def held(request: MemberRequest) -> HttpResponse:
    """What waits on the desk, oldest first."""
    jobs = reviewed_by(request)
    pictures = Picture.objects.filter(organisation__in=_own(request).values("pk"))
    joined = pictures.select_related(*(f"job__{name}" for name in JOINED))
    context = {
        "title": _("Waiting"),
        "jobs": jobs.filter(state=JobState.HELD).order_by("submitted")[:100],
        "pictures": joined.filter(state=PictureState.QUARANTINED).order_by("changed")[:100],
        "in_review": pictures.filter(state=PictureState.IN_REVIEW).count(),
        "reviews": bool(organisations_as(request.user, [Role.REVIEWER])),
    }
    return render(request, "admin/desk/held.html", site.each_context(request) | context)


def _held_job(request: MemberRequest, pk: UUID) -> Job:
    return get_object_or_404(reviewed_by(request), pk=pk)


def _held_picture(request: MemberRequest, pk: UUID) -> Picture:
    joined = (f"job__{name}" for name in JOINED)
    return get_object_or_404(Picture.objects.filter(job__in=reviewed_by(request)).select_related(*joined), pk=pk)


@require_http_methods(["GET", "POST"])
def rule_on_job(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A held request: its words, why it is held, and the ruling."""
    job = _held_job(request, pk)
    form = _rule_form(request, job)
    if request.method == "POST" and form.is_valid():
        status = attempt(form, lambda: _rule(request, job, form))
        if status == HTTPStatus.OK:
            return _ruled(request)
        job.refresh_from_db()
        return _show(request, job, form, status, pixels=_start(job, blurred))
    return _show(request, job, form, _status(form), pixels=_start(job, blurred))


def _rule_form(request: MemberRequest, job: Job) -> RuleForm:
    typed = request.POST if "ruling" in request.POST or "reason" in request.POST else None
    return AppealRuleForm(typed, job=job, today=timezone.now().date()) if job.appeal_of_id else RuleForm(typed)


def _rule(request: MemberRequest, job: Job, form: RuleForm) -> None:
    now, given = timezone.now(), form.arguments()
    term = form.term(owner=request.user.get_username()) if isinstance(form, AppealRuleForm) else None
    if term is None:
        rulings.rule_on_hold(actor=request.user, job=job, at=now, **given)
        return
    grant_with_term(actor=request.user, job=job, term=term, reason=given["reason"], at=now)
    messages.info(request, _("The word is proposed to the policy; somebody else puts it in force."))


@require_POST
def reveal_start(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The picture that a held request starts from, as it is, in this one answer only; who looked is noted first."""
    job = _held_job(request, pk)
    if refusal := _refusal(request, job):
        raise PermissionDenied(refusal)
    note(
        actor=request.user,
        verb="job.reveal",
        subject=job,
        organisation=job.project.organisation_id,
        at=timezone.now(),
    )
    return _show(request, job, _rule_form(request, job), HTTPStatus.OK, pixels=_start(job, png))


def _show(
    request: MemberRequest, job: Job, form: forms.Form, status: int, *, picture: Picture | None = None, pixels: str = ""
) -> HttpResponse:
    context = {
        "title": _("Held-back picture") if picture else _("Held request"),
        "job": job,
        "picture": picture,
        "pixels": pixels,
        "form": form,
        "typed": readable_words(request, job),
        "screenings": job.screenings.filter(picture=picture),
        "ruling": job.rulings.select_related("reviewer").filter(picture=picture).first(),
        "waits": picture.state == PictureState.QUARANTINED if picture else job.state == JobState.HELD,
        "refusal": _refusal(request, job),
        "banded": label_of(job) != job.project.label,
    }
    return render(request, "admin/desk/rule.html", site.each_context(request) | context, status=status)


def _refusal(request: MemberRequest, job: Job) -> str:
    """Why this person may not decide about the request; empty when they may."""
    ruling = may_decide(request.user, job)
    return "" if ruling.allowed else ruling.reason


def _status(form: forms.Form) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK


def _ruled(request: MemberRequest) -> HttpResponse:
    messages.success(request, _("Your ruling is on record."))
    return redirect("admin:desk")


@require_http_methods(["GET", "POST"])
def rule_on_picture(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A held-back picture, blurred; and the ruling."""
    picture = _held_picture(request, pk)
    form = RuleForm(request.POST or None)
    status = _status(form)
    if request.method == "POST" and form.is_valid():
        status = attempt(form, _ruling_on(request, picture, form))
        if status == HTTPStatus.OK:
            return _ruled(request)
        picture.refresh_from_db()
    return _show(request, picture.job, form, status, picture=picture, pixels=_opened(picture, blurred))


def _ruling_on(request: MemberRequest, picture: Picture, form: RuleForm) -> Callable[[], object]:
    return lambda: rulings.rule_on_picture(actor=request.user, picture=picture, at=timezone.now(), **form.arguments())


@require_POST
def reveal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The held-back pixels as they are, in this one answer only, which no cache keeps; who looked is noted first."""
    picture = _held_picture(request, pk)
    if refusal := _refusal(request, picture.job):
        raise PermissionDenied(refusal)
    organisation = picture.job.project.organisation_id
    note(actor=request.user, verb="picture.reveal", subject=picture, organisation=organisation, at=timezone.now())
    return _show(request, picture.job, RuleForm(), HTTPStatus.OK, picture=picture, pixels=_opened(picture, png))


def _opened(picture: Picture, develop: Callable[[bytes, int, int], bytes]) -> str:
    """The held-back pixels as a data address; empty when they are no longer in the quarantine."""
    if picture.state != PictureState.QUARANTINED:
        return ""
    try:
        pixels = pixels_of(picture)
    except (OSError, ErasedError):
        return ""
    return data_address(develop(pixels, picture.width, picture.height))


def _start(job: Job, develop: Callable[[bytes, int, int], bytes]) -> str:
    """The picture that a held request starts from, as a data address; empty where there is none any more."""
    if job.state != JobState.HELD or not job.reference_sha256:
        return ""
    try:
        start = reference.opened(job)
    except (OSError, ErasedError):
        return ""
    return data_address(develop(start.pixels, start.width, start.height))


def _staff(view: Any) -> Any:
    return site.admin_view(view)


urlpatterns = [
    path("desk/", _staff(held), name="desk"),
    path("desk/requests/<uuid:pk>/", _staff(rule_on_job), name="rule-request"),
    path("desk/requests/<uuid:pk>/reveal/", _staff(reveal_start), name="reveal-start"),
    path("desk/pictures/<uuid:pk>/", _staff(rule_on_picture), name="rule-picture"),
    path("desk/pictures/<uuid:pk>/reveal/", _staff(reveal), name="reveal-picture"),
]
