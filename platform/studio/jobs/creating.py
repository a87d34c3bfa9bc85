"""The page on which pictures are asked for, and the parts of it that follow what is typed."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio import pipeline
from studio.accounts.models import Role
from studio.accounts.rules import membership_of, roles_of
from studio.jobs import actions, filling, queue, quotas
from studio.jobs.forecast import forecast
from studio.jobs.forms import AskForm
from studio.jobs.models import Job
from studio.jobs.reading import find_campaign
from studio.jobs.sizes import sizes_of
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
        "allowances": quotas.allowances(membership_of(request.user, campaign.project.organisation), at=timezone.now()),
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
