"""A draft's page of own categories: one more, told by example sentences, or one less; and the bench to try it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from studio.pages import MemberRequest
from studio.policies import drafts
from studio.policies.forms import FOLLOWS, LIKENESS, CategoryForm, TryForm
from studio.policies.models import PolicyDraft
from studio.policies.reading import follows
from studio.policies.scope import document_above


@login_required
@require_http_methods(["GET", "POST"])
def categories(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The own categories of a draft."""
    found = drafts.find_draft(request, pk)
    removing = "remove" in request.POST
    form = CategoryForm({} if removing else request.POST or None)
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if removing or form.is_valid():
        own = _reduced(found, request.POST) if removing else form.added_to(found.own)
        status = drafts.change(request, found, form, {"own": own})
        if status == HTTPStatus.OK:
            return redirect("policy-draft-categories", pk=pk)
    context = {
        "draft": found,
        "scope": found.scope,
        "form": form,
        "own": listed(found.own),
        "inherited": listed(document_above(found.scope.above())),
        "try": TryForm(own=found.own),
        **drafts.rights(request, found),
    }
    return render(request, "studio/policy_categories.html", context, status=status)


def _reduced(found: PolicyDraft, posted: Mapping[str, Any]) -> dict[str, Any]:
    """The policy without one category and its limits. Raises Http404."""
    kept = drafts.without(list(found.own["custom"]), posted, "category")
    names = {entry["category"] for entry in kept}
    gone = {entry["category"] for entry in found.own["custom"]} - names
    stages = {
        stage: {name: limit for name, limit in limits.items() if name not in gone}
        for stage, limits in found.own["stages"].items()
    }
    return {**found.own, "custom": kept, "stages": stages}


def listed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A policy's own categories, each with what follows in words."""
    return [
        {**entry, "place": place, "words": _follows(document, entry["category"])}
        for place, entry in enumerate(document["custom"])
    ]


def _follows(document: Mapping[str, Any], name: str) -> str:
    """What follows, in the words of the form; where somebody set other bounds, in those of any category."""
    threshold = document["stages"]["prompt"].get(name, {})
    given = [(step, threshold[f"{step}_at"]) for step in FOLLOWS if threshold.get(f"{step}_at") is not None]
    if len(given) == 1 and given[0][1] in LIKENESS and threshold["mode"] == "enforce":
        step, bound = given[0]
        return _("%(action)s where %(likeness)s as one of the sentences.") % {
            "action": FOLLOWS[step],
            "likeness": LIKENESS[bound],
        }
    return follows(document, "prompt", name)
