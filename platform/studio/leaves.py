"""Long lists leaf by leaf: a cursor names the last row that was seen, so what is added meanwhile shifts nothing.

A cursor is a moment and a key, base64url. It opens nothing: every leaf is filtered anew for whoever asks.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

Row = TypeVar("Row", bound=Model)
# A day more or less, as zones have it, stays within what a database can compare.
EARLIEST, LATEST = 1900, 9000
BROKEN = _("This is no cursor of ours; leave it out to begin at the newest.")


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Row]):
    """Rows, and the cursor of the leaf after them; None on the last."""

    rows: list[Row]
    after: str | None


def leaf(rows: "QuerySet[Row]", *, moment: str, cursor: str | None, limit: int) -> Leaf[Row]:
    """At most `limit` rows, newest first by the field `moment`, after `cursor`. Raises ValidationError."""
    if cursor:
        at, key = _read(cursor)
        # The first condition alone would do but for rows of one moment; beside it, an index carries the search.
        earlier = Q(**{f"{moment}__lt": at}) | Q(**{moment: at, "pk__lt": key})
        rows = rows.filter(earlier, **{f"{moment}__lte": at})
    found = list(rows.order_by(f"-{moment}", "-pk")[: limit + 1])
    shown = found[:limit]
    return Leaf(shown, _written(getattr(shown[-1], moment), shown[-1].pk) if len(found) > limit else None)


def _written(at: datetime, key: UUID) -> str:
    return urlsafe_b64encode(f"{at.isoformat()} {key.hex}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, key = text.split(" ")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not EARLIEST < moment.year < LATEST:
            raise ValueError("no moment of ours")
        return moment, UUID(hex=key)
    except (ValueError, binascii.Error, OverflowError) as error:
        raise ValidationError({"cursor": BROKEN}) from error
