"""Submitting several pictures at once: each with a request, an audit row and a transaction of its own.

One that cannot be submitted stops no other. Sent twice, by a double click or after a connection was lost, it submits
nothing twice: each picture says how often it was submitted when the page was made, and once more is no longer that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.pages import MOVED_ON
from studio.review.actions import submit_for_review
from studio.review.checklists import questions_under
from studio.review.models import ReviewRequest
from studio.trail.errors import StaleStateError

MOST = 50


@dataclass(frozen=True, slots=True)
class Described:
    """One of the pictures, its own description, and how often it had been submitted before."""

    picture: Picture
    alt_text: str
    before: int


@dataclass(frozen=True, slots=True)
class Shared:
    """What is said of all of them; `answers` to the questions of all their policies, by the question."""

    purpose: str
    channel: str
    due: date | None
    answers: Mapping[str, str]

    def about(self, picture: Picture) -> dict[str, str]:
        """The checklist of one picture: what its own policy asks."""
        return {question: self.answers[question] for question in questions_under(picture.job.policy).values()}


def submit_together(*, actor: User, described: Sequence[Described], shared: Shared, at: datetime) -> dict[UUID, str]:
    """Submit each of the pictures; returns why each of those was not that is not with the reviewers now."""
    refusals = {one.picture.pk: _submit(actor, one, shared, at) for one in described}
    return {key: why for key, why in refusals.items() if why}


def _submit(actor: User, one: Described, shared: Shared, at: datetime) -> str:
    """Submit one; returns why not, nothing when it is with the reviewers."""
    try:
        submit_for_review(
            actor=actor,
            picture=one.picture,
            purpose=shared.purpose,
            channel=shared.channel,
            alt_text=one.alt_text,
            checklist=shared.about(one.picture),
            due=shared.due,
            before=one.before,
            at=at,
        )
    except PermissionDenied as error:
        return str(error)
    except ValidationError as error:
        return " ".join(error.messages)
    except StaleStateError:
        sent = ReviewRequest.objects.filter(picture=one.picture, maker=actor, ended=None)
        return "" if sent.exists() else str(MOVED_ON)
    return ""
