"""Submitting and deciding in few words."""

from datetime import datetime
from typing import Any

from studio.accounts.models import Membership, User
from studio.jobs.models import Picture
from studio.projects.models import Project
from studio.review.actions import decide, submit_for_review
from studio.review.models import ReviewDecision, ReviewPlan, ReviewRequest
from studio.review.plans import StageDraft, set_plan
from studio.trail.actions import pending, settle


def submit(picture: Picture, maker: User, at: datetime, **changes: Any) -> ReviewRequest:
    """Submit a picture with everything a reviewer wants to know."""
    words = {"purpose": "Poster", "channel": "poster", "alt_text": "Two stripes.", "checklist": {"Dignified?": "yes"}}
    request = submit_for_review(actor=maker, picture=picture, at=at, **(words | changes))
    picture.refresh_from_db()
    return ReviewRequest.objects.get(pk=request.pk)


def approve(review: ReviewRequest, reviewer: User, at: datetime, **changes: Any) -> ReviewDecision:
    """Approve what stands there now, or decide otherwise by `changes`."""
    seen = Picture.objects.values_list("sha256", flat=True).get(pk=review.picture_id)
    words = {"outcome": "APPROVED", "reason": "", "seen_sha256": seen}
    return decide(actor=reviewer, request=review, at=at, **(words | changes))


def stages(project: Project, administrator: User, at: datetime, *wanted: tuple[str, int, list[User]]) -> ReviewPlan:
    """A plan of these stages: name, approvals needed, and who may give them."""

    def members(people: list[User]) -> tuple[Membership, ...]:
        return tuple(Membership.objects.filter(organisation=project.organisation, user__in=people))

    drafts = [StageDraft(name, needed, members(people)) for name, needed, people in wanted]
    return set_plan(actor=administrator, project=project, stages=drafts, at=at)


def settled(at: datetime) -> None:
    """Everything that the ledger is owed is appended."""
    for intent in pending():
        settle(intent, at=at)
