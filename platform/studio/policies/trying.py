"""What would a policy say? The bench beside a draft, and the check of the create page while somebody writes.

Both hand a question to the control worker (`asking`) and show its answer when it comes. What was typed arrives in a
POST, is never logged, and is kept nowhere. Nothing here is needed to send a request: it is screened all the same.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studio import limits
from studio.accounts.models import Organisation, Role
from studio.accounts.rules import holds, membership_of
from studio.catalogue.models import Model
from studio.jobs.reading import find_campaign
from studio.offering import read
from studio.pages import MemberRequest
from studio.policies import asking, drafts
from studio.policies.actions import preview
from studio.policies.forms import CheckForm, TryForm
from studio.policies.judging import usual_folder
from studio.policies.models import PolicyDraft
from studio.policies.rules import may_try
from studio.projects.models import Campaign

# A page looks for its answer often at first, then now and then: a worker that has just begun loads its screens first.
QUICK_LOOKS, LOOKS = 12, 45
BUSY = _("You ask faster than the check may answer; wait a moment.")
DRAFT, IN_FORCE = "draft", "in_force"


@login_required
@require_POST
def bench(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask what the draft would do, and what the policy in force does."""
    found = drafts.find_draft(request, pk)
    may_try(request.user, found).enforce()
    form = TryForm(request.POST, request.FILES, own=found.own)
    question, fault = _tried(form, found)
    if question is None:
        return _fragment(request, "bench", {"fault": fault}, draft=found, form=form)
    return _asked(request, "bench", found.organisation, question, "policy-draft-answer", pk, draft=found, form=form)


def _tried(form: TryForm, found: PolicyDraft) -> tuple[asking.Question | None, str]:
    """The question of the bench's form, or what is wrong with it."""
    if not form.is_valid():
        return None, gettext("Choose one of the languages.")
    typed = form.cleaned_data
    try:
        picture = read(typed["picture"].read()) if typed["picture"] else None
    except ValidationError as error:
        return None, " ".join(error.messages)
    if not typed["prompt"].strip() and picture is None:
        return None, gettext("Write something, or choose a picture.")
    shown = preview(found)
    documents: dict[str, Mapping[str, Any]] = {DRAFT: shown.ruling.document}
    if shown.in_force:
        documents[IN_FORCE] = shown.in_force.document
    return asking.Question(
        prompt=typed["prompt"].strip(),
        negative_prompt="",
        language=typed["language"],
        folder=str(usual_folder(found.organisation) or ""),
        documents=documents,
        picture=picture,
    ), ""


@login_required
@never_cache
@require_safe
def bench_answer(request: MemberRequest, pk: UUID, question: UUID) -> HttpResponse:
    """What came of a question, once the worker has answered."""
    found = drafts.find_draft(request, pk)
    return _answer(request, "bench", found.organisation, question, "policy-draft-answer", pk, draft=found)


@login_required
@require_POST
def check(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask what the policy in force would say about what somebody is writing."""
    campaign = find_campaign(request, pk)
    organisation = campaign.project.organisation
    holds(request.user, organisation, Role.CREATOR).enforce()
    form = CheckForm(request.POST)
    form.is_valid()
    question = _writing(form.cleaned_data, campaign)
    if question is None:
        return _fragment(request, "check", {})
    return _asked(request, "check", organisation, question, "policy-check-answer", pk)


def _writing(typed: Mapping[str, str], campaign: Campaign) -> asking.Question | None:
    """The question of a half-written request; None while there is nothing to ask about, or no policy to ask."""
    policy = campaign.project.policies.first()
    prompt = typed.get("prompt", "").strip()
    if policy is None or not prompt:
        return None
    approved = Model.objects.filter(organisation=campaign.project.organisation_id, state=Model.State.APPROVED)
    chosen = typed.get("model", "")
    model = approved.filter(pk=chosen).first() if _is_key(chosen) else None
    return asking.Question(
        prompt=prompt,
        negative_prompt=typed.get("negative_prompt", "").strip(),
        language=typed.get("language") or "en",
        folder=model.folder if model else "",
        documents={IN_FORCE: policy.document},
    )


def _is_key(value: str) -> bool:
    try:
        Model._meta.pk.to_python(value)
    except ValidationError:
        return False
    return True


@login_required
@never_cache
@require_safe
def check_answer(request: MemberRequest, pk: UUID, question: UUID) -> HttpResponse:
    """What the policy in force would say, once the worker has answered."""
    campaign = find_campaign(request, pk)
    return _answer(request, "check", campaign.project.organisation, question, "policy-check-answer", pk)


def _asked(
    request: MemberRequest, kind: str, organisation: Organisation, question: asking.Question, name: str, pk: UUID,
    **more: Any,
) -> HttpResponse:  # fmt: skip
    """Hand the question over, unless this person has asked too much in this minute."""
    turn = limits.take_trial(request.user.pk, now=limits.clock())
    if not turn.allowed:
        answer = _fragment(request, kind, {"fault": BUSY}, status=HTTPStatus.TOO_MANY_REQUESTS, **more)
        answer["Retry-After"] = str(turn.retry_after_s)
        return answer
    asked = asking.ask(membership_of(request.user, organisation), question)
    return _fragment(request, kind, {"look": f"{reverse(name, args=[pk, asked])}?look=1"}, **more)


def _answer(
    request: MemberRequest, kind: str, organisation: Organisation, question: UUID, name: str, pk: UUID, **more: Any
) -> HttpResponse:
    found = asking.answered(question, membership_of(request.user, organisation))
    if found is not None:
        return _fragment(request, kind, {"found": _sides(found)}, **more)
    look = request.GET.get("look", "")
    looked = int(look) if look.isdecimal() and len(look) < 4 else 1
    if looked >= LOOKS:
        return _fragment(request, kind, {"silent": True}, **more)
    where = f"{reverse(name, args=[pk, question])}?look={looked + 1}"
    return _fragment(request, kind, {"look": where, "slow": looked > QUICK_LOOKS}, **more)


def _sides(found: Mapping[str, Any]) -> dict[str, Any]:
    """The answers by document, each with its strictest action, and whether the two differ."""
    order = ("allow", "annotate", "review", "block")
    sides = {
        name: {**said, "action": max((part["action"] for part in said.values()), key=order.index, default="allow")}
        for name, said in found.items()
    }
    reasons = {str([part["reasons"] for part in said.values()]) for said in found.values()}
    return sides | {
        "differ": len({side["action"] for side in sides.values()}) > 1,
        "other_reasons": len(reasons) > 1,
    }


def _fragment(
    request: MemberRequest,
    kind: str,
    context: dict[str, Any],
    *,
    status: int = HTTPStatus.OK,
    draft: PolicyDraft | None = None,
    form: TryForm | None = None,
) -> HttpResponse:
    """The part of the page that shows an answer; without scripts, the draft's whole page around it."""
    if request.headers.get("HX-Request") or draft is None:
        template = f"studio/parts/policy_{kind}.html"
        return render(request, template, {**context, "draft": draft}, status=status)
    extra: dict[str, Any] = {"try": form} if form else {}
    return drafts.page(request, draft, status=status, bench=context, **extra)
