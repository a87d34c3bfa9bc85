"""The states of a lesson, and the table that says which may follow which (studio.claims)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from studio import claims


class LessonState(models.TextChoices):
    """Where a lesson stands."""

    WAITING = "WAITING", _("Waiting")
    TRAINING = "TRAINING", _("Being taught")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")
    CANCELLED = "CANCELLED", _("Cancelled")


S = LessonState
TRANSITIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        S.WAITING: frozenset({S.TRAINING, S.CANCELLED}),
        # Back to WAITING: the lease ran out, or the trainer died; counted in `attempt`.
        S.TRAINING: frozenset({S.DONE, S.FAILED, S.CANCELLED, S.WAITING}),
    }
)
LESSON_ENDS = frozenset({S.DONE, S.FAILED, S.CANCELLED})


def advance(
    model: type[models.Model], pk: UUID, start: str, end: str, /, *, fence: UUID | None = None, **changes: Any
) -> None:
    """Move one lesson, as `claims.advance` does by this table. Raises ValueError, StaleStateError."""
    claims.advance(TRANSITIONS, model, pk, start, end, fence=fence, **changes)
