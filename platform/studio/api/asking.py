"""A program's request for pictures, filled into the form of the create page, so that both know the same rules."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext

from studio import limits, pipeline
from studio.accounts.models import Role
from studio.accounts.rules import holds, membership_of
from studio.api import finding, refusals, schemas, showing
from studio.api.authentication import ProgramRequest
from studio.api.waiting import a_place, until
from studio.catalogue.models import Model
from studio.jobs import actions, queue
from studio.jobs.forms import AskForm
from studio.jobs.models import Job
from studio.jobs.words import TYPED
from studio.policies import asking
from studio.policies.trying import BUSY
from studio.projects.models import Campaign, PolicyVersion
from studio.trail.actions import note

ANSWER_SECONDS = 20.0
IN_FORCE = "in_force"


def filled(
    request: ProgramRequest, ask: schemas.Ask, *, key: str | None, reference: UploadedFile | None = None
) -> AskForm:
    """The form, found to be in order. Raises ValidationError naming the fields, PermissionDenied."""
    campaign = finding.campaign_for(request, ask.campaign)
    holds(request.user, campaign.project.organisation, Role.CREATOR).enforce()
    model = _model(request, ask.model)
    sent = ask.model_dump(exclude={"campaign", "model", "language"}, exclude_none=True)
    form = AskForm(
        {
            **{name: str(value) for name, value in sent.items()},
            "model": model.pk,
            "language": ask.language or [*campaign.languages, "en"][0],
            "idempotency_key": str(uuid4()) if key is None else key,
        },
        {"reference": reference} if reference else {},
        campaign=campaign,
    )
    if not form.is_valid():
        raise ValidationError(_with_choices(form))
    return form


def _model(request: ProgramRequest, named: str | None) -> Model:
    """The approved model with this slug or id, the first of the list where none is named. Raises ValidationError."""
    offered = list(finding.models(request))
    if named is None and offered:
        return offered[0]
    for model in offered:
        if named in {model.slug, str(model.pk)}:
            return model
    known = ", ".join(model.slug for model in offered)
    none = gettext("No model is approved for use yet; a custodian approves one.")
    remedy = gettext("Choose one of: %(list)s.") % {"list": known} if known else none
    raise ValidationError({"model": remedy})


def _with_choices(form: AskForm) -> dict[str, list[ValidationError | str]]:
    """The form's complaints; a choice that is none is told what there is to choose from."""
    found: dict[str, list[ValidationError | str]] = {}
    for name, complaints in form.errors.as_data().items():
        choices = [str(code) for code, _ in getattr(form.fields.get(name), "choices", ())] if name == "language" else []
        remedy = gettext("Choose one of: %(list)s.") % {"list": ", ".join(choices)}
        found[name] = [remedy if choices and one.code == "invalid_choice" else one for one in complaints]
    return found


def submitted(request: ProgramRequest, form: AskForm, *, at: datetime) -> Job:
    """The request, accepted as on the page, with a row in the trail that says by which token. Raises as `submit`."""
    campaign: Campaign = form.campaign
    job = actions.submit(
        actor=request.user,
        campaign=campaign,
        model=form.cleaned_data["model"],
        request=form.request(),
        language=form.cleaned_data["language"],
        at=at,
        idempotency_key=form.cleaned_data["idempotency_key"],
        offered=form.offered(),
    )
    if job.submitted == at:
        organisation = campaign.project.organisation_id
        note(
            actor=request.user, verb="token.use", subject=job, organisation=organisation, at=at, token=request.auth.name
        )
    return job


def rehearsed(request: ProgramRequest, form: AskForm) -> dict[str, Any]:
    """What would become of it: what it costs, how it stands in line, what the policy says. Nothing of it is kept.

    Raises as `submit` does but for the budget, and Refusal where the owner asks the screens too often.
    """
    campaign: Campaign = form.campaign
    model: Model = form.cleaned_data["model"]
    spec, policy = actions.checked(
        actor=request.user, campaign=campaign, model=model, request=form.request(), offered=form.offered()
    )
    line, left = queue.line(request.user), actions.left(campaign.project)
    return {
        "cost": {"pictures": spec.count, "left": left, "enough": spec.count <= left},
        "queue": {"ahead": line.ahead, "mine": line.mine},
        "policy": showing.policy(request, policy),
        "verdict": _verdict(request, form, policy),
        "unknown_words": list(pipeline.unknown_words(Path(model.folder), spec.prompt)),
        "model": model.slug,
        "language": form.cleaned_data["language"],
        "spec": {name: value for name, value in spec.to_json().items() if name not in TYPED},
    }


def _verdict(request: ProgramRequest, form: AskForm, policy: PolicyVersion) -> dict[str, Any] | None:
    """The strictest word of the screens about the words and the picture to start from; None when they are silent."""
    turn = limits.take_trial(request.user.pk, now=limits.clock())
    if not turn.allowed:
        raise refusals.wait("too-often", str(BUSY), retry_after_s=turn.retry_after_s)
    typed = form.cleaned_data
    question = asking.Question(
        prompt=typed["prompt"],
        negative_prompt=typed["negative_prompt"],
        language=typed["language"],
        folder=typed["model"].folder,
        documents={IN_FORCE: policy.document},
        picture=typed["reference"],
    )
    asker = membership_of(request.user, request.auth.membership.organisation)
    with a_place(request):
        asked = asking.ask(asker, question)
        answer = until(lambda: asking.answered(asked, asker), seconds=ANSWER_SECONDS, every=0.1)
    if answer is None:
        return None
    parts = answer[IN_FORCE].values()
    return {
        "action": max((part["action"] for part in parts), key=("allow", "annotate", "review", "block").index),
        "reasons": [reason for part in parts for reason in part["reasons"]],
        "changes": [change for part in parts for change in part["changes"]],
    }
