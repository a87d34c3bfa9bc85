"""Approving several pictures of one request at once: each with its own decision, audit row and ledger entry.

Never where one of the request's pictures is flagged, and never across requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.pages import MOVED_ON
from studio.review.actions import decide
from studio.review.describing import is_stopped
from studio.review.flags import flags_of
from studio.review.models import ReviewDecision, ReviewRequest
from studio.trail.errors import StaleStateError

MOST = 50


@dataclass(frozen=True, slots=True)
class Approved:
    """How many were approved, and why each of the others was not."""

    count: int
    refusals: tuple[str, ...]


def approve_together(*, actor: User, reviews: list[ReviewRequest], seen: Mapping[UUID, str], at: datetime) -> Approved:
    """Approve each of the reviews whose file is the one that was `seen`; one that cannot be stops no other.

    Raises ValidationError when they do not belong together: nothing is approved then.
    """
    if not 0 < len(reviews) <= MOST:
        raise ValidationError({"seen": _("Choose between one picture and %(most)s.") % {"most": MOST}})
    if len({review.picture.job_id for review in reviews}) > 1:
        raise ValidationError(
            {"seen": _("Only pictures of one request are approved together; choose from one of them.")}
        )
    batch = Picture.objects.filter(job=reviews[0].picture.job_id, state=PictureState.IN_REVIEW)
    if flags_of(list(batch)):
        raise ValidationError(
            {"seen": _("One picture of the request is flagged; decide about each of them by itself.")}
        )
    if is_stopped(list(batch)):
        raise ValidationError({"seen": _("A screen stopped one of the descriptions; decide about each by itself.")})
    refusals = [_approve(actor, review, seen.get(review.pk, ""), at) for review in reviews]
    told = tuple(reason for reason in refusals if reason)
    return Approved(len(refusals) - len(told), told)


def _approve(actor: User, review: ReviewRequest, seen_sha256: str, at: datetime) -> str:
    """Approve one; returns why not, nothing when it was done."""
    try:
        decide(
            actor=actor,
            request=review,
            outcome=ReviewDecision.Outcome.APPROVED,
            reason="",
            seen_sha256=seen_sha256,
            at=at,
        )
    except PermissionDenied as error:
        return _told(review, str(error))
    except ValidationError as error:
        return _told(review, " ".join(error.messages))
    except StaleStateError:
        return _told(review, str(MOVED_ON))
    return ""


def _told(review: ReviewRequest, why: str) -> str:
    return _("Picture %(number)s: %(why)s") % {"number": review.picture.index + 1, "why": why}
