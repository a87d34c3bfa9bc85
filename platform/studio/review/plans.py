"""The plan by which a project's pictures are reviewed: the one in force, a new one, and how far a review has come.

A plan is never changed: a new version holds for what is submitted from then on, and a review that has begun goes on
by the plan it began with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio.accounts.models import Membership, Role, User
from studio.accounts.rules import holds
from studio.jobs.models import Picture
from studio.projects.models import Project
from studio.review.models import ReviewDecision, ReviewPlan, ReviewRequest, Stage
from studio.trail.actions import note

USUAL_STAGE = "Review"
MOST_STAGES, MOST_NEEDED, LONGEST_NAME = 5, 9, 40


@dataclass(frozen=True, slots=True)
class StageDraft:
    """A stage as an administrator wants it; without `deciders` any reviewer may decide."""

    name: str
    needed: int
    deciders: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class StageStanding:
    """One stage of a review: how many approvals count there so far, and whether it is the one that waits."""

    stage: Stage
    approvals: int
    waits: bool

    @property
    def filled(self) -> bool:
        """Whether its quorum is there."""
        return self.approvals >= self.stage.needed


def plan_in_force(project: Project, *, at: datetime) -> ReviewPlan:
    """The project's newest plan; the usual one is written down when a project needs its first."""
    plan = ReviewPlan.objects.filter(project=project).first()
    if plan is not None:
        return plan
    with transaction.atomic():
        plan, created = ReviewPlan.objects.get_or_create(project=project, number=1, defaults={"at": at})
        if created:
            Stage.objects.create(plan=plan, place=1, name=USUAL_STAGE, needed=1)
    return plan


def set_plan(*, actor: User, project: Project, stages: Sequence[StageDraft], at: datetime) -> ReviewPlan:
    """A new version of the project's plan. Raises PermissionDenied, or ValidationError naming the field `stages`."""
    holds(actor, project.organisation, Role.ADMINISTRATOR).enforce()
    _check(project, stages)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        earlier = plan_in_force(project, at=at)
        plan = ReviewPlan.objects.create(project=project, number=earlier.number + 1, author=actor, at=at)
        for place, wanted in enumerate(stages, start=1):
            stage = Stage.objects.create(plan=plan, place=place, name=wanted.name.strip(), needed=wanted.needed)
            stage.deciders.set(wanted.deciders)
        note(
            actor=actor,
            verb="review.plan",
            subject=plan,
            organisation=project.organisation_id,
            at=at,
            stages=[{"name": one.name.strip(), "needed": one.needed} for one in stages],
        )
    return plan


def _check(project: Project, stages: Sequence[StageDraft]) -> None:
    if not 1 <= len(stages) <= MOST_STAGES:
        raise ValidationError({"stages": _("A review has between one and %(most)s stages.") % {"most": MOST_STAGES}})
    names = [stage.name.strip() for stage in stages]
    if not all(0 < len(name) <= LONGEST_NAME for name in names):
        raise ValidationError(
            {"stages": _("Give each stage a name of at most %(most)s characters.") % {"most": LONGEST_NAME}}
        )
    if len({name.casefold() for name in names}) < len(names):
        raise ValidationError({"stages": _("Two stages have the same name; name them apart.")})
    for stage in stages:
        if not 1 <= stage.needed <= MOST_NEEDED:
            raise ValidationError(
                {
                    "stages": _("“%(name)s” needs between one and %(most)s approvals.")
                    % {"name": stage.name, "most": MOST_NEEDED}
                }
            )
        if stage.deciders and len(stage.deciders) < stage.needed:
            remedy = _("“%(name)s” needs %(needed)s approvals, but only %(n)s may give one.") % {
                "name": stage.name,
                "needed": stage.needed,
                "n": len(stage.deciders),
            }
            raise ValidationError({"stages": remedy})
        if any(member.organisation_id != project.organisation_id for member in stage.deciders):
            raise ValidationError(
                {
                    "stages": _("“%(name)s” names somebody who is not of %(organisation)s.")
                    % {"name": stage.name, "organisation": project.organisation}
                }
            )
    _check_enough_people([stage for stage in stages if stage.deciders])


def _check_enough_people(stages: Sequence[StageDraft]) -> None:
    """Nobody counts twice in one review, so stages that name people need as many different ones as approvals."""
    named = {member.pk for stage in stages for member in stage.deciders}
    needed = sum(stage.needed for stage in stages)
    if len(named) < needed:
        remedy = f"The stages with named people need {needed} approvals together, but name {len(named)} people; "
        raise ValidationError({"stages": f"{remedy}nobody counts twice in one review."})


def counted(request: ReviewRequest) -> list[ReviewDecision]:
    """The approvals of a review that are about what the picture still is."""
    approved = ReviewDecision.Outcome.APPROVED
    return [one for one in request.decisions.all() if one.outcome == approved and is_about(one, request.picture)]


def is_about(decision: ReviewDecision, picture: Picture) -> bool:
    """Whether a decision was about what the picture is now: its bytes, pixels, policy and recipe."""
    return (decision.sha256, decision.pixel_sha256, decision.policy_digest, decision.recipe_digest) == (
        picture.sha256,
        picture.pixel_sha256,
        picture.job.policy.digest,
        picture.recipe_digest,
    )


def standing(request: ReviewRequest) -> list[StageStanding]:
    """The stages of a review in order, each with what counts there."""
    approvals = counted(request)
    return [
        StageStanding(
            stage,
            sum(one.stage_id == stage.pk for one in approvals),
            waits=request.ended is None and stage.pk == request.stage_id,
        )
        for stage in request.stage.plan.stages.all()
    ]


def next_stage(stage: Stage) -> Stage | None:
    """The stage after this one; None after the last."""
    return Stage.objects.filter(plan=stage.plan_id, place__gt=stage.place).first()
