"""A project's and a campaign's pictures and requests; asking for pictures; one request while it is worked on.

Every object is looked up among those of the person's own organisations, so that anybody else gets a plain 404.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from studio import pipeline, vault
from studio.accounts.models import Role, SubjectKey
from studio.accounts.rules import roles_of
from studio.jobs import actions, words
from studio.jobs.forms import AskForm
from studio.jobs.making import preview_key
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS, VISIBLE, JobState, PictureState
from studio.pages import MemberRequest, attempt
from studio.projects.models import Campaign, Project

PICTURES_A_PAGE = 24
REQUESTS_A_PAGE = 10
BEING_FINISHED = frozenset({PictureState.GENERATED, PictureState.CHECKED, PictureState.SIGNED})


def _project(request: MemberRequest, pk: UUID) -> Project:
    return get_object_or_404(Project.objects.for_actor(request.user).select_related("organisation"), pk=pk)


def _campaign(request: MemberRequest, pk: UUID) -> Campaign:
    mine = Campaign.objects.filter(project__in=Project.objects.for_actor(request.user))
    return get_object_or_404(mine.select_related("project__organisation"), pk=pk)


def _job(request: MemberRequest, pk: UUID) -> Job:
    joined = ("campaign", "project__organisation", "model", "policy", "requester__user")
    return get_object_or_404(Job.objects.for_actor(request.user).select_related(*joined), pk=pk)


def spent(project: Project) -> int:
    """Pictures of the project's budget that were made or are still to be."""
    jobs = Job.objects.filter(project=project).exclude(state__in=actions.UNSPENT)
    return jobs.aggregate(total=Sum("count"))["total"] or 0


@login_required
@require_GET
def project(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A project: its newest pictures, its campaigns, its policy and budget."""
    found = _project(request, pk)
    pictures = Picture.objects.visible_to(request.user).filter(job__project=found).select_related("job")
    roles = roles_of(request.user, found.organisation)
    context = {
        "project": found,
        "pictures": pictures.order_by("-changed")[:8],
        "campaigns": found.campaigns.annotate(asked=Count("jobs")).order_by("-created"),
        "policy": found.policies.select_related("approver").first(),
        "spent": spent(found),
        "roles": roles,
        "may_open": bool(roles & {Role.CREATOR, Role.ADMINISTRATOR}),
    }
    return render(request, "studio/project.html", context)


@login_required
@require_GET
def campaign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A campaign: its pictures, filtered by state, then the requests they came from."""
    found = _campaign(request, pk)
    pictures = Picture.objects.visible_to(request.user).filter(job__campaign=found).select_related("job")
    jobs = Job.objects.filter(campaign=found).select_related("model", "requester__user")
    state, asked = request.GET.get("state", ""), request.GET.get("requests", "")
    shown = pictures.filter(state=state) if state in VISIBLE else pictures
    listed = jobs.filter(state=asked) if asked in JobState.values else jobs
    leaf = _leaf(request, listed.order_by("-submitted"), "sheet", REQUESTS_A_PAGE)
    _open_own(request, leaf)
    context = {
        "campaign": found,
        "pictures": _leaf(request, shown.order_by("-created", "index"), "page", PICTURES_A_PAGE),
        "picture_counts": _counts(pictures, PictureState),
        "state": state,
        "jobs": leaf,
        "job_counts": _counts(jobs, JobState),
        "asked": asked,
        "may_create": Role.CREATOR in roles_of(request.user, found.project.organisation),
    }
    return render(request, "studio/campaign.html", context)


def _leaf(request: MemberRequest, rows: "QuerySet[Picture] | QuerySet[Job]", name: str, size: int) -> "Page[Any]":
    return Paginator(rows, size).get_page(request.GET.get(name))


def _open_own(request: MemberRequest, leaf: "Page[Any]") -> None:
    """Put the person's own words beside their own requests, by which they know them apart."""
    for job in leaf:
        if job.requester.user_id == request.user.pk and (typed := readable_words(request, job)):
            job.typed = typed.prompt


def _counts(
    rows: "QuerySet[Picture] | QuerySet[Job]", states: type[JobState] | type[PictureState]
) -> list[tuple[str, str, int]]:
    """State, its word and how many, in the order of a row's life."""
    found = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return [(state.value, str(state.label), found[state.value]) for state in states if state.value in found]


@login_required
@require_http_methods(["GET", "POST"])
def create(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for pictures. What was typed stays in the form until the request is accepted."""
    found = _campaign(request, pk)
    if request.method == "GET":
        return _ask(request, found, AskForm(campaign=found), HTTPStatus.OK)
    form = AskForm(request.POST, campaign=found)
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
    )


def _ask(request: MemberRequest, campaign: Campaign, form: AskForm, status: int) -> HttpResponse:
    project = campaign.project
    line = Job.objects.filter(state__in=[JobState.QUEUED, JobState.GENERATING])
    context = {
        "campaign": campaign,
        "form": form,
        "models": form.fields["model"].queryset,  # type: ignore[attr-defined]
        "policy": project.policies.first(),
        "left": max(project.budget - spent(project), 0),
        "ahead": line.count(),
        "mine": line.filter(requester__user=request.user).count(),
        "unknown": _unknown(form) if form.is_bound else (),
        "may_create": Role.CREATOR in roles_of(request.user, project.organisation),
    }
    return render(request, "studio/create.html", context, status=status)


def _unknown(form: AskForm) -> tuple[str, ...]:
    """The words of the prompt that the chosen model does not know, however much of the form is still wrong."""
    model, prompt = form.cleaned_data.get("model"), form.cleaned_data.get("prompt")
    return pipeline.unknown_words(Path(model.folder), prompt) if model and prompt else ()


@login_required
@require_POST
def unknown_words(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A fragment naming the words that the model does not know; a POST, so that no log of addresses has them."""
    form = AskForm(request.POST, campaign=_campaign(request, pk))
    form.is_valid()
    return render(request, "studio/parts/unknown_words.html", {"unknown": _unknown(form)})


@login_required
@require_GET
def request_page(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One request: where it stands, why, and what can be done."""
    return _request(request, _job(request, pk), forms.Form(), HTTPStatus.OK)


def _request(request: MemberRequest, job: Job, form: forms.Form, status: int) -> HttpResponse:
    context = _standing(request, job) | {"form": form, "typed": readable_words(request, job)}
    return render(request, "studio/request.html", context, status=status)


def readable_words(request: MemberRequest, job: Job) -> words.Words | None:
    """What was typed, for its maker and the organisation's reviewers; None for everybody else, and after erasure."""
    maker = job.requester.user_id == request.user.pk
    if not maker and Role.REVIEWER not in roles_of(request.user, job.project.organisation):
        return None
    try:
        return words.open_words(job)
    except (SubjectKey.DoesNotExist, vault.SealBrokenError):
        return None


def _standing(request: MemberRequest, job: Job) -> dict[str, object]:
    pictures = list(job.pictures.order_by("index"))
    moving = job.state not in JOB_ENDS or any(picture.state in BEING_FINISHED for picture in pictures)
    return {
        "job": job,
        "visible": [picture for picture in pictures if picture.state in VISIBLE],
        "unseen": [picture for picture in pictures if picture.state not in VISIBLE],
        "moving": moving,
        "screening": job.screenings.filter(picture=None).first(),
        "ruling": job.rulings.filter(picture=None).first(),
        "place": _place(job),
        "has_preview": job.state == JobState.GENERATING and preview_key(job) in cache,
        "mine": job.requester.user_id == request.user.pk,
        "ended": job.state in JOB_ENDS,
        "mark": "-".join([job.state, str(job.progress), *(picture.state for picture in pictures)]),
    }


def _place(job: Job) -> int | None:
    """How many requests wait that came no later; fairness between projects may still bring it forward or back."""
    if job.state != JobState.QUEUED or job.rank is None:
        return None
    return Job.objects.filter(state=JobState.QUEUED, rank__lte=job.rank).count()


@login_required
@require_GET
@never_cache
def progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the request page that moves; 204 while it looks as it did, so that nothing on the page jumps."""
    context = _standing(request, _job(request, pk))
    if request.GET.get("mark") == context["mark"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "studio/parts/standing.html", context)


@login_required
@require_GET
def preview(request: MemberRequest, pk: UUID) -> HttpResponseBase:
    """The latest step's small unsigned picture, from the cache and kept nowhere; for members only."""
    found = cache.get(preview_key(_job(request, pk)))
    if found is None:
        raise Http404("No preview at this moment.")
    return HttpResponse(
        found, content_type="image/png", headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    )


@login_required
@require_POST
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Stop a request."""
    job = _job(request, pk)
    form = forms.Form(request.POST)
    form.is_valid()
    status = attempt(form, lambda: actions.cancel(actor=request.user, job=job, at=timezone.now()))
    if status != HTTPStatus.OK:
        return _request(request, job, form, status)
    messages.info(request, "The request is being cancelled. Pictures already made are kept.")
    return redirect("request", pk=job.pk)
