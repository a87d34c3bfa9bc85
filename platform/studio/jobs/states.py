"""The states of jobs and pictures, and the one table that says which may follow which.

- A state changes only by `advance`: compare-and-set on (id, state[, token]) inside the caller's short transaction.
- A fenced change carries the claim's token; a worker whose lease ran out and was taken over changes nothing any more.
- docs/states.md is drawn from this table by `manage.py draw_states`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from studio import claims


class JobState(models.TextChoices):
    """Where a request stands."""

    DRAFT = "DRAFT", _("Draft")
    SUBMITTED = "SUBMITTED", _("Screening")
    HELD = "HELD", _("Held")
    BLOCKED = "BLOCKED", _("Blocked")
    QUEUED = "QUEUED", _("Queued")
    GENERATING = "GENERATING", _("Generating")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")
    LOST = "LOST", _("Lost")
    CANCELLED = "CANCELLED", _("Cancelled")


class PictureState(models.TextChoices):
    """Where a picture stands. Members see it from RECORDED on, the public from RELEASED on."""

    GENERATED = "GENERATED", _("Being checked")
    QUARANTINED = "QUARANTINED", _("Held back")
    CHECKED = "CHECKED", _("Being signed")
    SIGNED = "SIGNED", _("Being recorded")
    RECORDED = "RECORDED", _("Ready to submit")
    IN_REVIEW = "IN_REVIEW", _("In review")
    CHANGES_REQUESTED = "CHANGES_REQUESTED", _("Changes requested")
    APPROVED = "APPROVED", _("Approved")
    REJECTED = "REJECTED", _("Rejected")
    RELEASED = "RELEASED", _("Released")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    DISCARDED = "DISCARDED", _("Discarded")


J, P = JobState, PictureState

TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        J.DRAFT: frozenset({J.SUBMITTED}),
        J.SUBMITTED: frozenset({J.QUEUED, J.HELD, J.BLOCKED, J.CANCELLED, J.FAILED}),
        J.HELD: frozenset({J.QUEUED, J.BLOCKED, J.CANCELLED}),
        # Back to QUEUED: the lease ran out, or a transient failure; counted in `attempt`.
        J.QUEUED: frozenset({J.GENERATING, J.CANCELLED}),
        J.GENERATING: frozenset({J.DONE, J.FAILED, J.LOST, J.CANCELLED, J.QUEUED}),
        P.GENERATED: frozenset({P.CHECKED, P.QUARANTINED, P.DISCARDED}),
        P.QUARANTINED: frozenset({P.CHECKED, P.DISCARDED}),
        P.CHECKED: frozenset({P.SIGNED, P.DISCARDED}),
        P.SIGNED: frozenset({P.RECORDED}),
        # To DISCARDED from here on: erased, because it was kept long enough without being released.
        P.RECORDED: frozenset({P.IN_REVIEW, P.DISCARDED}),
        P.IN_REVIEW: frozenset({P.APPROVED, P.REJECTED, P.CHANGES_REQUESTED}),
        P.CHANGES_REQUESTED: frozenset({P.IN_REVIEW, P.DISCARDED}),
        P.REJECTED: frozenset({P.DISCARDED}),
        P.APPROVED: frozenset({P.RELEASED}),
        P.RELEASED: frozenset({P.WITHDRAWN}),
    }
)
JOB_ENDS = frozenset({J.BLOCKED, J.DONE, J.FAILED, J.LOST, J.CANCELLED})
# What members may look at: the file is signed, recorded, and in the ledger.
VISIBLE = frozenset({P.RECORDED, P.IN_REVIEW, P.CHANGES_REQUESTED, P.APPROVED, P.REJECTED, P.RELEASED, P.WITHDRAWN})

# What a maker may ask approval of.
SUBMITTABLE = frozenset({P.RECORDED, P.CHANGES_REQUESTED})


def advance(
    model: type[models.Model], pk: UUID, start: str, end: str, *, fence: UUID | None = None, **changes: Any
) -> None:
    """Move one row from `start` to `end`.

    With `changes`, if it is still there (and, when given, still under the claim `fence`).

    Raises ValueError for a change the table does not know, StaleStateError when the row has moved on.
    """
    claims.advance(TRANSITIONS, model, pk, start, end, fence=fence, **changes)
