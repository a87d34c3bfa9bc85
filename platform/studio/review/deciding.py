"""Puts one decision on record, whoever takes it: at the stage that the review has come to, with its ledger entry.

- A picture is APPROVED when each stage in order has its quorum; a refusal at any stage ends the review.
- Approvals count only as long as the picture is what was approved: the same bytes, pixels, policy and recipe.
- Decisions about one request take turns, so a stage is filled once and a review ends once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio.accounts.models import Organisation, RoleGrant, User
from studio.faults import fault
from studio.jobs import bell
from studio.jobs.models import Job, Picture
from studio.jobs.states import PictureState, advance
from studio.review.models import Invitation, Look, ReviewDecision, ReviewRequest, Stage
from studio.review.plans import counted, next_stage
from studio.review.reasons import REASONS
from studio.trail.actions import intend, note
from studio.trail.errors import StaleStateError

Outcome = ReviewDecision.Outcome
JOINED = ("picture__job__project__organisation", "picture__job__policy", "stage__plan")


@dataclass(frozen=True, slots=True)
class Voice:
    """Who decides: a member, or an outsider by an invitation; in the ledger `pseudonym` alone."""

    pseudonym: UUID
    reviewer: User | None = None
    invitation: Invitation | None = None
    invited_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody decides: an outcome, codes of `reasons.REASONS`, words of their own, and the file they saw."""

    outcome: str
    reason: str
    seen_sha256: str
    reasons: tuple[str, ...] = ()

    def checked(self) -> "Said":
        """The same, tidied. Raises ValidationError naming the field."""
        if self.outcome not in Outcome.values:
            raise ValidationError(
                {"outcome": _("Choose one of: %(list)s.") % {"list": ", ".join(map(str, Outcome.labels))}}
            )
        if unknown := set(self.reasons) - set(REASONS):
            raise ValidationError({"reasons": f"{', '.join(sorted(unknown))}: no such reason; choose from the list."})
        own = self.reason.strip()
        if self.outcome != Outcome.APPROVED and not (self.reasons or own):
            raise ValidationError({"reason": _("Choose a reason, or please write a few words here.")})
        return replace(self, reason=own)


def required(**fields: str) -> dict[str, str]:
    """The fields, stripped. Raises ValidationError naming every one that is empty."""
    stripped = {name: value.strip() for name, value in fields.items()}
    empty = {name: _("Please write a few words here.") for name, value in stripped.items() if not value}
    if empty:
        raise ValidationError(empty)
    return stripped


def lock(job: Job) -> None:
    """Makers and deciders of one request take turns: held until the transaction ends."""
    Job.objects.select_for_update().get(pk=job.pk)


def hold_still(user: User, organisation: Organisation) -> None:
    """The person's roles stay as they are until the transaction ends; one that is being taken away is waited for."""
    held = RoleGrant.objects.select_for_update(of=("self",))
    list(held.filter(membership__user=user, membership__organisation=organisation))


def put_on_record(
    *,
    request: ReviewRequest,
    speak: Callable[[ReviewRequest], Voice],
    said: Said,
    at: datetime,
) -> ReviewDecision:
    """Write down a decision and what follows from it; `speak` judges under the lock who may decide, and says who does.

    Raises what `speak` raises, ValidationError, StaleStateError.
    """
    said = said.checked()
    with transaction.atomic():
        lock(request.picture.job)
        now = ReviewRequest.objects.select_related(*JOINED).get(pk=request.pk)
        if now.ended is not None or now.picture.state != PictureState.IN_REVIEW:
            raise StaleStateError(now.picture_id, PictureState.IN_REVIEW)
        voice = speak(now)
        if said.seen_sha256 != now.picture.sha256:
            raise ValidationError({"seen_sha256": _("The picture changed since you opened it; look at it again.")})
        final, following = _what_follows(now, said.outcome)
        decision = _write(now, voice, said, final=final, at=at)
        if final:
            advance(Picture, now.picture_id, PictureState.IN_REVIEW, said.outcome, changed=at)
            ReviewRequest.objects.filter(pk=now.pk).update(ended=at)
        elif following is not None:
            ReviewRequest.objects.filter(pk=now.pk).update(stage=following)
        Look.objects.filter(request=now).delete()
        _witness(decision, voice, at)
        transaction.on_commit(bell.ring_settle)
    fault("decision before append")
    return decision


def _what_follows(request: ReviewRequest, outcome: str) -> tuple[bool, Stage | None]:
    """Whether a decision with this outcome ends the review, and otherwise the stage that it opens, if it opens one."""
    if outcome != Outcome.APPROVED:
        return True, None
    approvals = counted(request)
    if len(approvals) < request.decisions.count():
        remedy = _("What earlier stages approved has changed since; request changes, so that it is submitted again.")
        raise ValidationError({"outcome": remedy})
    if sum(one.stage_id == request.stage_id for one in approvals) + 1 < request.stage.needed:
        return False, None
    following = next_stage(request.stage)
    return following is None, following


def _write(request: ReviewRequest, voice: Voice, said: Said, *, final: bool, at: datetime) -> ReviewDecision:
    picture = request.picture
    return ReviewDecision.objects.create(
        picture=picture,
        request=request,
        stage=request.stage,
        reviewer=voice.reviewer,
        invitation=voice.invitation,
        outcome=said.outcome,
        final=final,
        reasons=list(said.reasons),
        reason=said.reason,
        sha256=picture.sha256,
        pixel_sha256=picture.pixel_sha256,
        policy_digest=picture.job.policy.digest,
        recipe_digest=picture.recipe_digest,
        at=at,
    )


def _witness(decision: ReviewDecision, voice: Voice, at: datetime) -> None:
    """The ledger's word on a decision, and the audit row."""
    picture, stage = decision.picture, decision.stage
    organisation = picture.job.project.organisation
    body: dict[str, Any] = {
        "about": "picture",
        "outcome": decision.outcome,
        "stage": {"name": stage.name, "place": stage.place, "of": stage.plan.stages.count(), "needed": stage.needed},
        "final": decision.final,
        "policy": decision.policy_digest,
        "recipe": decision.recipe_digest,
        "reviewer": str(voice.pseudonym),
        "role": decision.role,
        "reasons": decision.reasons,
    }
    if voice.invited_by is not None:
        body["invited_by"] = str(voice.invited_by)
    intend(
        log=organisation.log,
        kind="decision",
        row=decision.pk,
        at=at,
        record=picture.record,
        asset={"sha256": decision.sha256, "pixel_sha256": decision.pixel_sha256, "media_type": picture.media_type},
        body=body,
    )
    note(
        actor=voice.reviewer,
        verb="review.decide",
        subject=picture,
        organisation=organisation.pk,
        at=at,
        outcome=decision.outcome,
        stage=stage.name,
        final=decision.final,
    )
