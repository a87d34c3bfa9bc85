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

from studio import claims


class JobState(models.TextChoices):
    """Where a request stands."""

    DRAFT = "DRAFT", "Draft"
    SUBMITTED = "SUBMITTED", "Screening"
    HELD = "HELD", "Held"
    BLOCKED = "BLOCKED", "Blocked"
    QUEUED = "QUEUED", "Queued"
    GENERATING = "GENERATING", "Generating"
    DONE = "DONE", "Done"
    FAILED = "FAILED", "Failed"
    LOST = "LOST", "Lost"
    CANCELLED = "CANCELLED", "Cancelled"


class PictureState(models.TextChoices):
    """Where a picture stands. Members see it from RECORDED on, the public from RELEASED on."""

    GENERATED = "GENERATED", "Being checked"
    QUARANTINED = "QUARANTINED", "Held back"
    CHECKED = "CHECKED", "Being signed"
    SIGNED = "SIGNED", "Being recorded"
    RECORDED = "RECORDED", "Ready to submit"
    IN_REVIEW = "IN_REVIEW", "In review"
    CHANGES_REQUESTED = "CHANGES_REQUESTED", "Changes requested"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Rejected"
    RELEASED = "RELEASED", "Released"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    DISCARDED = "DISCARDED", "Discarded"


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


def advance(
    model: type[models.Model], pk: UUID, start: str, end: str, *, fence: UUID | None = None, **changes: Any
) -> None:
    """Move one row from `start` to `end`.

    With `changes`, if it is still there (and, when given, still under the claim `fence`).

    Raises ValueError for a change the table does not know, StaleStateError when the row has moved on.
    """
    claims.advance(TRANSITIONS, model, pk, start, end, fence=fence, **changes)
