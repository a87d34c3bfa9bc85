"""What is in force, and what was: the policy of a project or an organisation, its versions, their differences.

Members read what governs them; drafts are shown to those who write, approve or audit them.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from studio import pipeline
from studio.accounts.models import Role
from studio.accounts.rules import organisations_of, roles_of
from studio.jobs.reading import find_project
from studio.pages import MemberRequest, attempt
from studio.policies.actions import begin_draft
from studio.policies.forms import STAGES, StartForm
from studio.policies.models import PolicyDraft
from studio.policies.reading import follows
from studio.policies.rules import READERS
from studio.policies.scope import Scope
from studio.projects.models import PolicyVersion
from studio.trail.models import LedgerIntent
from studio.wording import read_out

VERSIONS_A_PAGE = 20


def project_scope(request: MemberRequest, pk: UUID) -> Scope:
    """A project's scope, or 404."""
    project = find_project(request, pk)
    return Scope(project.organisation, project)


def organisation_scope(request: MemberRequest, pk: UUID) -> Scope:
    """An organisation's scope, or 404."""
    return Scope(get_object_or_404(organisations_of(request.user), pk=pk))


@login_required
@require_http_methods(["GET", "POST"])
def project_policy(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The policy of a project; a POST begins a draft."""
    return _policy(request, project_scope(request, pk))


@login_required
@require_http_methods(["GET", "POST"])
def organisation_policy(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The policy of an organisation; a POST begins a draft."""
    return _policy(request, organisation_scope(request, pk))


def _policy(request: MemberRequest, scope: Scope) -> HttpResponse:
    form = StartForm(request.POST or None, scope=scope)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    begun: list[PolicyDraft] = []
    if form.is_valid():
        start = form.cleaned_data["start"]
        begin = lambda: begun.append(  # noqa: E731  one call, handed on to be attempted
            begin_draft(actor=request.user, scope=scope, start=start, at=timezone.now())
        )
        status = attempt(form, begin)
    if begun:
        return redirect("policy-draft-edit", pk=begun[0].pk)
    roles = roles_of(request.user, scope.organisation)
    version = scope.in_force()
    drafts = PolicyDraft.objects.of(scope).filter(state__in=["OPEN", "PROPOSED"]).select_related("author")
    context = {
        "scope": scope,
        "version": version,
        "said": said(version.document) if version else [],
        "terms": terms(version.document) if version else [],
        "above": scope.above(),
        "form": form,
        "may_read_drafts": bool(roles & set(READERS)),
        "may_begin": Role.ADMINISTRATOR in roles,
        "drafts": drafts.order_by("-changed") if roles & set(READERS) else [],
        "projects": [Scope(scope.organisation, project) for project in scope.projects()] if not scope.project else [],
    }
    return render(request, "studio/policy.html", context, status=status)


def said(document: Mapping[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """A policy in sentences, by stage."""
    return [(str(title), [_row(document, stage, name) for name in _named(document, stage)]) for stage, title in STAGES]


def _named(document: Mapping[str, Any], stage: str) -> list[str]:
    return [*dict.fromkeys([*pipeline.limitable(stage), *document["stages"][stage]])]


def _row(document: Mapping[str, Any], stage: str, name: str) -> dict[str, Any]:
    return {
        "category": name,
        "explanation": read_out(pipeline.explanation(name)) or _own_words(document, name),
        "words": follows(document, stage, name),
        "seen": stage == "prompt" or name in pipeline.SEEN_IN_PICTURES,
    }


def _own_words(document: Mapping[str, Any], name: str) -> str:
    """What a category of an organisation's own is told by."""
    told = next((entry for entry in document["custom"] if entry["category"] == name), None)
    return (
        _("Your own: prompts like the %(n)s example sentences of “%(name)s”.")
        % {"n": len(told["examples"]), "name": told["label"]}
        if told
        else ""
    )


def terms(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The allowed and refused words, with whether they still hold."""
    now = timezone.now()
    rows = []
    for place, term in enumerate(document["terms"]):
        expires = parse_datetime(term["expires"]) if term["expires"] else None
        rows.append({**term, "place": place, "expires": expires, "over": expires is not None and expires <= now})
    return rows


@login_required
@require_safe
def project_history(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Every version of a project's policy, with what changed."""
    return _history(request, project_scope(request, pk))


@login_required
@require_safe
def organisation_history(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Every version of an organisation's policy, with what changed."""
    return _history(request, organisation_scope(request, pk))


def _history(request: MemberRequest, scope: Scope) -> HttpResponse:
    versions = PolicyVersion.objects.of(scope.organisation, scope.project)
    joined = versions.select_related("author", "approver", "rests_on")
    leaf = Paginator(joined, VERSIONS_A_PAGE).get_page(request.GET.get("page"))
    entries = _entries([version.pk for version in leaf])
    before = {version.number: version for version in versions}
    rows = [
        {
            "version": version,
            "changes": _changes(before.get(version.number - 1), version),
            "entry": entries.get(str(version.pk)),
        }
        for version in leaf
    ]
    return render(request, "studio/policy_history.html", {"scope": scope, "rows": rows, "leaf": leaf})


def _entries(keys: Sequence[UUID]) -> dict[str, LedgerIntent]:
    intents = LedgerIntent.objects.filter(kind="policy", row__in=[str(key) for key in keys])
    return {intent.row: intent for intent in intents}


def _changes(before: PolicyVersion | None, after: PolicyVersion) -> list[dict[str, Any]]:
    return changes(before, after.document, after.get_label_display())


def changes(before: PolicyVersion | None, document: Mapping[str, Any], label: str) -> list[dict[str, Any]]:
    """What differs from a version to a document with its label, in words."""
    found = pipeline.policy_changes(before.document if before else None, document)
    for change in found:
        if change["stage"] and before:
            sides = {"before": before.document, "after": document}
            change |= {side: follows(said, change["stage"], change["about"]) for side, said in sides.items()}
        else:
            change |= {side: read_out(change[side]) for side in ("before", "after")}
    if before and before.get_label_display() != label:
        found.append(
            {"about": "label", "stage": "", "before": before.get_label_display(), "after": label, "direction": "mixed"}
        )
    return found


@login_required
@require_safe
def version(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One version as it was in force, and how it differs from another."""
    joined = ("organisation", "project", "author", "approver", "rests_on")
    found = get_object_or_404(PolicyVersion.objects.for_actor(request.user).select_related(*joined), pk=pk)
    scope = Scope(found.organisation, found.project)
    others = list(PolicyVersion.objects.of(scope.organisation, scope.project).exclude(pk=pk))
    earlier = [other for other in others if other.number < found.number]
    chosen = next((other for other in others if str(other.pk) == request.GET.get("against")), None)
    against = chosen or (earlier[0] if earlier else None)
    context = {
        "scope": scope,
        "version": found,
        "newest": scope.in_force(),
        "others": others,
        "against": against,
        "changes": _changes(against, found),
        "said": said(found.document),
        "terms": terms(found.document),
        "entry": _entries([found.pk]).get(str(found.pk)),
        "may_see_examples": bool(roles_of(request.user, scope.organisation) & set(READERS)),
    }
    return render(request, "studio/policy_version.html", context)
