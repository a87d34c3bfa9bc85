"""One request while it is worked on, and what its maker can do with it."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.jobs import actions, again, appealing, making, queue
from studio.jobs.forms import AppealForm
from studio.jobs.models import Job
from studio.jobs.queue import UNFINISHED
from studio.jobs.reading import find_job, readable_words
from studio.jobs.states import JOB_ENDS, SUBMITTABLE, VISIBLE, JobState
from studio.pages import MemberRequest, attempt


@login_required
@require_safe
def request_page(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One request: where it stands, why, and what can be done."""
    return show_request(request, find_job(request, pk), AppealForm(), HTTPStatus.OK)


def show_request(request: MemberRequest, job: Job, form: forms.Form, status: int) -> HttpResponse:
    """The page of a request, with what an action was refused for."""
    context = _standing(request, job) | {"form": form, "typed": readable_words(request, job)}
    return render(request, "studio/request.html", context, status=status)


def _standing(request: MemberRequest, job: Job) -> dict[str, object]:
    pictures = list(job.pictures.order_by("index"))
    moving = job.state not in JOB_ENDS or any(picture.state in UNFINISHED for picture in pictures)
    ready = [picture for picture in pictures if picture.state in SUBMITTABLE]
    together = len(ready) > 1 and Role.CREATOR in roles_of(request.user, job.project.organisation)
    return {
        "job": job,
        "ready": ready if together else [],
        "visible": [picture for picture in pictures if picture.state in VISIBLE],
        "unseen": [picture for picture in pictures if picture.state not in VISIBLE],
        "moving": moving,
        "screenings": job.screenings.filter(picture=None).order_by("reference"),
        "ruling": job.rulings.filter(picture=None).first(),
        "place": queue.place(job),
        "has_preview": job.state == JobState.GENERATING and making.preview(job) is not None,
        "mine": job.requester.user_id == request.user.pk,
        "ended": job.state in JOB_ENDS,
        "may_ask_again": again.may_ask_again(request.user, job),
        "may_appeal": appealing.may_appeal(request.user, job).allowed,
        "mark": "-".join([job.state, str(job.progress), *(picture.state for picture in pictures)]),
    }


@login_required
@require_safe
@never_cache
def progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the request page that moves; 204 while it looks as it did, so that nothing on the page jumps."""
    context = _standing(request, find_job(request, pk))
    if request.GET.get("mark") == context["mark"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "studio/parts/standing.html", context)


@login_required
@require_safe
def preview(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The latest step's small unsigned picture, from the cache and kept nowhere; for members only."""
    found = making.preview(find_job(request, pk))
    if found is None:
        # The page that asks saw one a moment ago; it has nothing to complain of.
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponse(
        found, content_type="image/png", headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    )


@login_required
@require_POST
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Stop a request."""
    job = find_job(request, pk)
    form = forms.Form(request.POST)
    form.is_valid()
    status = attempt(form, lambda: actions.cancel(actor=request.user, job=job, at=timezone.now()))
    if status != HTTPStatus.OK:
        return show_request(request, job, form, status)
    messages.info(request, _("The request is being cancelled. Pictures already made are kept."))
    return redirect("queue") if request.POST.get("back") == "queue" else redirect("request", pk=job.pk)


@login_required
@require_POST
def appeal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask a person to look again at a blocked request; the appeal has a page of its own."""
    job = find_job(request, pk)
    form = AppealForm(request.POST)
    if not form.is_valid():
        return show_request(request, job, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    made: list[Job] = []
    status = attempt(
        form,
        lambda: made.append(
            appealing.appeal(actor=request.user, job=job, purpose=form.cleaned_data["purpose"], at=timezone.now())
        ),
    )
    if not made:
        return show_request(request, job, form, status)
    messages.success(request, _("Your appeal is on its way to a reviewer."))
    return redirect("request", pk=made[0].pk)
