"""Sealed bytes (studio.vault) of what is not signed yet, by kind and by the row that needs them, in `QUARANTINE_URL`.

- They are written before the row that names them, and removed when it needs them no more; a crash between the two
  leaves them behind, and each kind's owner sweeps what nobody needs.
- Every process that works on pictures sees the same quarantine: what one machine paints, another checks and signs.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from studio import stores

# Sealed bytes are written before the row that names them; younger ones may still get theirs.
STRAY_AFTER = timedelta(hours=1)
PAGE = 500


class Kind(StrEnum):
    """What sealed bytes are, and whose row they belong to."""

    PIXELS = "pixels"  # of a picture
    PROCESS = "process"  # the strip of a picture's making
    REFERENCE = "reference"  # the pixels that a request starts from
    CREDENTIAL = "credential"  # the file of the same, when it carries a credential
    PROTECTED = "protected"  # a picture that an organisation protects
    REPORT = "report"  # what is written of a report, by number, or a document to be signed; these are not sealed
    LESSON = "lesson"  # one of the pictures that a lesson teaches, by its number


def store() -> stores.Store:
    """The store of `QUARANTINE_URL`."""
    return stores.at(settings.QUARANTINE_URL)


def place(kind: Kind, owner: UUID, number: int | None = None) -> stores.Place:
    """Where a row's sealed bytes of a kind are kept, whether or not they are there."""
    return stores.Place(store(), f"{kind}/{owner}" if number is None else f"{kind}/{owner}.{number}")


def forget_all(kind: Kind, owner: UUID) -> None:
    """Remove everything numbered of a kind that belongs to a row. Raises OSError."""
    kept = store()
    for found in list(kept.listed(f"{kind}/{owner}.")):
        kept.remove(found.name)


def sweep(kind: Kind, needing: QuerySet[Any], *, now: datetime) -> int:
    """Remove what none of the rows `needing` needs and none can still be about to; returns how many. Raises OSError."""
    kept, removed = store(), 0
    old = [found.name for found in kept.listed(f"{kind}/") if found.written < now - STRAY_AFTER]
    for start in range(0, len(old), PAGE):
        # A dead writer's half begins with a point.
        owners = {
            name: UUID(name.removeprefix(f"{kind}/").lstrip(".").partition(".")[0]) for name in old[start:][:PAGE]
        }
        needed = set(needing.filter(pk__in=set(owners.values())).values_list("pk", flat=True))
        for name in (name for name, owner in owners.items() if owner not in needed):
            kept.remove(name)
            removed += 1
    return removed
