"""A draft's pages: what it says, what it changes, its words and examples, its rehearsal, and the way into force."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from studio import pipeline
from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.pages import MemberRequest, attempt
from studio.policies import actions, rehearsing, shadowing
from studio.policies.forms import ExamplesForm, PolicyForm, PublishForm, ReasonForm, TermForm, TryForm, initial
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.overviews import changes, said
from studio.policies.overviews import terms as listed
from studio.policies.publishing import publish_draft
from studio.policies.rules import READERS, may_approve, may_try, may_write
from studio.policies.scope import document_above
from studio.projects.models import PolicyVersion, Project

REQUESTS = 100


def find_draft(request: MemberRequest, pk: UUID) -> PolicyDraft:
    """A draft that the person may read, or 404."""
    mine = PolicyDraft.objects.for_actor(request.user, *READERS)
    return get_object_or_404(mine.select_related("organisation", "project", "author", "version"), pk=pk)


@login_required
@require_http_methods(["GET"])
def draft(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The draft's page."""
    return page(request, find_draft(request, pk))


def page(request: MemberRequest, found: PolicyDraft, *, status: int = HTTPStatus.OK, **extra: Any) -> HttpResponse:
    """The draft's page, with the form that was refused where there is one."""
    shown = actions.preview(found)
    waiting = found.state in {PolicyDraft.State.OPEN, PolicyDraft.State.PROPOSED}
    label = str(Project.Label(shown.label).label)
    now = rights(request, found)
    refused = [form for form in extra.values() if isinstance(form, forms.Form)]
    context = {
        "draft": found,
        "scope": found.scope,
        "shown": shown,
        "label": label,
        "waiting": waiting,
        "said": said(shown.ruling.document),
        "terms": listed(shown.ruling.document),
        "changes": changes(shown.in_force, shown.ruling.document, label),
        "vain": [_vain(path) for path in shown.ruling.refused],
        "try": TryForm(own=found.own),
        "reason": ReasonForm(),
        "publish": PublishForm(initial={"seen_digest": shown.digest}),
        "shadow": shadowing.standing(found) if found.shadow_since else None,
        "faults": [fault for form in refused for fault in form.non_field_errors()],
        **_rehearsal(found, shown.digest),
        **now,
        **extra,
    }
    return render(request, "studio/policy_draft.html", context, status=status)


def rights(request: MemberRequest, found: PolicyDraft) -> dict[str, bool]:
    """What the person can do with the draft now; the actions judge again."""
    opened, proposed = found.state == PolicyDraft.State.OPEN, found.state == PolicyDraft.State.PROPOSED
    writes, approves = may_write(request.user, found).allowed, may_approve(request.user, found).allowed
    return {
        "may_edit": opened and writes,
        "may_propose": opened and writes,
        "may_take_back": proposed and writes,
        "may_approve": proposed and approves,
        "may_try": (opened or proposed) and may_try(request.user, found).allowed,
        "may_shadow": (opened or proposed) and Role.ADMINISTRATOR in roles_of(request.user, found.organisation),
    }


def _rehearsal(found: PolicyDraft, digest: str) -> dict[str, Any]:
    """The newest rehearsal of this very draft, and what came of it."""
    newest: Rehearsal | None = found.rehearsals.filter(digest=digest).first()
    rows = newest.report.get("examples", []) if newest else []
    results = {row["place"]: row for row in rows}
    return {
        "rehearsal": newest,
        "rehearsing": newest is not None and newest.finished is None,
        "outdated": newest is None and found.rehearsals.exists(),
        "failed": [row for row in rows if not row["met"]],
        "counted": rehearsing.summary(newest.report) if newest else [],
        "changed": newest.report.get("changed", [])[:50] if newest else [],
        "examples": [
            {**example, "place": place, "result": results.get(place)} for place, example in enumerate(found.examples)
        ],
    }


def _vain(path: str) -> dict[str, str]:
    """What is asked for in vain, for the page."""
    parts = path.split(".", 2)
    if parts[0] == "stages":
        return {"stage": parts[1], "category": parts[2], "word": ""}
    return {"stage": "", "category": "" if parts[0] == "terms" else parts[0], "word": ".".join(parts[1:])}


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What follows for each category, and the rest that is not a list."""
    found = find_draft(request, pk)
    above = found.scope.above()
    start = initial(found.own, found.label, found.may_relax)
    form = PolicyForm(request.POST or None, initial=start, own=found.own, scope=found.scope, above=above)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        status = change(request, found, form, form.changes())
        if status == HTTPStatus.OK:
            return redirect("policy-draft", pk=pk)
    context = {
        "draft": found,
        "scope": found.scope,
        "above": above,
        "form": form,
        "stages": form.rows(document_above(above), actions.preview(found).ruling.refused),
        "may_edit": rights(request, found)["may_edit"],
    }
    return render(request, "studio/policy_edit.html", context, status=status)


def change(request: MemberRequest, found: PolicyDraft, form: forms.Form, changes: dict[str, Any]) -> HTTPStatus:
    status = attempt(form, lambda: actions.change_draft(actor=request.user, draft=found, at=timezone.now(), **changes))
    if status == HTTPStatus.OK:
        messages.info(request, _("The draft is saved. Nothing of it is in force yet."))
    return status


@login_required
@require_http_methods(["GET", "POST"])
def terms(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The allowed and refused words: one more, or one less."""
    found = find_draft(request, pk)
    removing = "remove" in request.POST
    form = TermForm({} if removing else request.POST or None, own=found.own)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    kept = _kept_terms(request, found, form, removing=removing)
    if kept is not None:
        status = change(request, found, form, {"own": {**found.own, "terms": kept}})
        if status == HTTPStatus.OK:
            return redirect("policy-draft-terms", pk=pk)
    above = found.scope.above()
    context = {
        "draft": found,
        "scope": found.scope,
        "form": form,
        "own": listed(found.own),
        "inherited": listed(document_above(above)),
        "above": above,
        "vain": {_vain(path)["word"] for path in actions.preview(found).ruling.refused if path.startswith("terms.")},
        "may_edit": rights(request, found)["may_edit"],
    }
    return render(request, "studio/policy_terms.html", context, status=status)


def _kept_terms(
    request: MemberRequest, found: PolicyDraft, form: TermForm, *, removing: bool
) -> list[dict[str, Any]] | None:
    """The draft's words with the one that was typed, or without the one taken out; None where nothing is to be done."""
    kept = list(found.own["terms"])
    if removing:
        return without(kept, request.POST, "word")
    if not form.is_valid():
        return None
    try:
        return [*kept, pipeline.checked_term(form.term(owner=request.user.get_username()))]
    except pipeline.ModerationError as error:
        form.add_error("word", str(error).partition(": ")[2] or str(error))
        return None


def without(rows: list[dict[str, Any]], posted: Any, name: str) -> list[dict[str, Any]]:
    """The rows without the one at the posted place, if it is still the one that was meant. Raises Http404."""
    try:
        place = int(posted["remove"])
        if place < 0 or rows[place][name] != posted["meant"]:
            raise Http404(_("This was changed meanwhile."))
    except (ValueError, KeyError, IndexError) as error:
        raise Http404(_("There is no such row.")) from error
    return [row for at, row in enumerate(rows) if at != place]


@login_required
@require_http_methods(["GET", "POST"])
def examples(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The example prompts: more, or one less."""
    found = find_draft(request, pk)
    removing = "remove" in request.POST
    form = ExamplesForm({} if removing else request.POST or None, own=found.own)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if removing or form.is_valid():
        kept = list(found.examples)
        rows = without(kept, request.POST, "text") if removing else _with_examples(kept, form.examples())
        status = change(request, found, form, {"examples": rows})
        if status == HTTPStatus.OK:
            return redirect("policy-draft-examples", pk=pk)
    context = {
        "draft": found,
        "scope": found.scope,
        "form": form,
        "may_edit": rights(request, found)["may_edit"],
        **_rehearsal(found, actions.preview(found).digest),
    }
    return render(request, "studio/policy_examples.html", context, status=status)


def _with_examples(kept: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The examples with the new ones; one that is written again moves to its new expectation."""
    written = {(row["text"], row["language"]) for row in new}
    return [*(row for row in kept if (row["text"], row["language"]) not in written), *new]


@login_required
@require_POST
def move(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Propose a draft, take or send it back, put it aside, start or end its shadow, or rehearse it."""
    found = find_draft(request, pk)
    verb = request.POST.get("verb", "")
    if verb not in MOVES:
        raise Http404(_("There is no such step."))
    form = ReasonForm(request.POST)
    form.is_valid()
    reason = form.cleaned_data.get("reason", "")
    form.errors.pop("reason", None)  # Only sending back asks for one, and its action says so.
    status = attempt(form, lambda: MOVES[verb](request, found, reason))
    if status != HTTPStatus.OK:
        return page(request, find_draft(request, pk), status=status, reason=form)
    if verb == "discard":
        return redirect(found.scope.address)
    return redirect("policy-draft", pk=pk)


def _propose(request: MemberRequest, found: PolicyDraft, _reason: str) -> None:
    actions.propose_draft(actor=request.user, draft=found, at=timezone.now())
    messages.info(request, _("It waits for somebody else's approval now."))


def _send_back(request: MemberRequest, found: PolicyDraft, reason: str) -> None:
    actions.return_draft(actor=request.user, draft=found, reason=reason, at=timezone.now())


def _discard(request: MemberRequest, found: PolicyDraft, _reason: str) -> None:
    actions.discard_draft(actor=request.user, draft=found, at=timezone.now())
    messages.info(request, _("The draft was put aside. It stays on record."))


def _shadow(request: MemberRequest, found: PolicyDraft, _reason: str) -> None:
    on = found.shadow_since is None
    actions.run_in_shadow(actor=request.user, draft=found, on=on, at=timezone.now())


def _rehearse(request: MemberRequest, found: PolicyDraft, _reason: str) -> None:
    wanted = rehearsing.newest_requests(found.scope, REQUESTS)
    rehearsing.start(actions.ask_rehearsal(actor=request.user, draft=found, wanted=wanted, at=timezone.now()))


MOVES = {
    "propose": _propose,
    "return": _send_back,
    "discard": _discard,
    "shadow": _shadow,
    "rehearse": _rehearse,
}


@login_required
@require_POST
def publish(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Approve a draft: it comes into force."""
    found = find_draft(request, pk)
    form = PublishForm(request.POST)
    published: list[PolicyVersion] = []
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        typed = form.cleaned_data
        status = attempt(
            form,
            lambda: published.append(
                publish_draft(
                    actor=request.user,
                    draft=found,
                    seen_digest=typed["seen_digest"],
                    exception=typed["exception"],
                    at=timezone.now(),
                )
            ),
        )
    if published:
        messages.info(request, _("It is in force for every request from now on, and on its way into the ledger."))
        return redirect("policy-version", pk=published[0].pk)
    return page(request, find_draft(request, pk), status=status, publish=form)


@login_required
@never_cache
@require_http_methods(["GET"])
def rehearsal(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the draft's page that moves while a rehearsal runs; the whole page again once it is over."""
    found = find_draft(request, pk)
    context = {"draft": found, **_rehearsal(found, actions.preview(found).digest)}
    if not context["rehearsing"] and request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    return render(request, "studio/parts/rehearsing.html", context)
