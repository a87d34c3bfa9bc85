"""Asking for pictures, and one request while it is worked on."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio import pipeline
from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.jobs import actions, again, appealing, filling, making, queue
from studio.jobs.forecast import forecast
from studio.jobs.forms import AppealForm, AskForm
from studio.jobs.models import Job
from studio.jobs.queue import UNFINISHED
from studio.jobs.reading import find_campaign, find_job, readable_words
from studio.jobs.sizes import sizes_of
from studio.jobs.states import JOB_ENDS, VISIBLE, JobState
from studio.pages import MemberRequest, attempt
from studio.projects.models import Campaign

# A number of pictures with more of them is a mistake that the form names.
MOST_DIGITS = 7


@login_required
@require_http_methods(["GET", "POST"])
def create(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for pictures. What was typed stays in the form until the request is accepted."""
    found = find_campaign(request, pk)
    if request.method == "GET":
        begun = filling.filling(request, found)
        return _ask(request, found, AskForm(initial=begun.initial, campaign=found), HTTPStatus.OK, begun)
    form = AskForm(request.POST, request.FILES, campaign=found)
    if not form.is_valid():
        return _ask(request, found, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    accepted: list[Job] = []
    status = attempt(form, lambda: accepted.append(_submit(request, found, form)))
    if not accepted:
        return _ask(request, found, form, status)
    return redirect("request", pk=accepted[0].pk)


def _submit(request: MemberRequest, campaign: Campaign, form: AskForm) -> Job:
    return actions.submit(
        actor=request.user,
        campaign=campaign,
        model=form.cleaned_data["model"],
        request=form.request(),
        language=form.cleaned_data["language"],
        at=timezone.now(),
        idempotency_key=form.cleaned_data["idempotency_key"],
        offered=form.offered(),
        descent=filling.descent_of(request, form),
    )


def _ask(
    request: MemberRequest,
    campaign: Campaign,
    form: AskForm,
    status: int,
    begun: filling.Filling = filling.NOTHING,
) -> HttpResponse:
    models = list(form.fields["model"].queryset)  # type: ignore[attr-defined]
    for model in models:
        model.starts_from_pictures = pipeline.starts_from_pictures(model.family)
        model.known = pipeline.known_words(Path(model.folder), (campaign.languages or ["en"])[0])
    context = {
        "campaign": campaign,
        "form": form,
        "models": models,
        "policy": campaign.project.policies.first(),
        "unknown": _unknown(form) if form.is_bound else (),
        "any_starts": any(model.starts_from_pictures for model in models),
        "may_create": Role.CREATOR in roles_of(request.user, campaign.project.organisation),
        "begun": begun,
        **_sizes(form),
        **_cost(request, campaign, form["count"].value()),
    }
    return render(request, "studio/create.html", context, status=status)


def _sizes(form: AskForm) -> dict[str, Any]:
    """What the chosen model, or the first one, makes for each channel."""
    offered = form.fields["model"].queryset  # type: ignore[attr-defined]
    chosen = str(form["model"].value() or "")
    model = next((one for one in offered if str(one.pk) == chosen), offered.first())
    return {"sizes": list(sizes_of(model)) if model else [], "sized": model, "size": form["size"].value() or ""}


def _cost(request: MemberRequest, campaign: Campaign, count: object) -> dict[str, Any]:
    """What a request costs and how long it would wait, as it stands now."""
    wanted = int(str(count)) if str(count).isdecimal() and len(str(count)) < MOST_DIGITS else None
    return {
        "left": actions.left(campaign.project),
        "line": queue.line(request.user),
        "forecast": forecast(),
        "wanted": wanted,
    }


@login_required
@require_safe
def sizes(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A fragment: the sizes of the model that was chosen."""
    campaign = find_campaign(request, pk)
    asked = {name: request.GET.get(name, "") for name in ("model", "size")}
    form = AskForm(initial={name: value for name, value in asked.items() if value}, campaign=campaign)
    return render(request, "studio/parts/sizes.html", {"campaign": campaign, "form": form, **_sizes(form)})


@login_required
@require_safe
@never_cache
def cost(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A fragment: what so many pictures cost, and what comes before them in line."""
    campaign = find_campaign(request, pk)
    context = {"campaign": campaign, **_cost(request, campaign, request.GET.get("count", ""))}
    return render(request, "studio/parts/cost.html", context)


def _unknown(form: AskForm) -> tuple[str, ...]:
    """The words of the prompt that the chosen model does not know, however much of the form is still wrong."""
    model, prompt = form.cleaned_data.get("model"), form.cleaned_data.get("prompt")
    return pipeline.unknown_words(Path(model.folder), prompt) if model and prompt else ()


@login_required
@require_POST
def unknown_words(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A fragment naming the words that the model does not know; a POST, so that no log of addresses has them."""
    form = AskForm(request.POST, campaign=find_campaign(request, pk))
    form.is_valid()
    return render(request, "studio/parts/unknown_words.html", {"unknown": _unknown(form)})


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
    return {
        "job": job,
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
    messages.success(request, "Your appeal is on its way to a reviewer.")
    return redirect("request", pk=made[0].pk)
