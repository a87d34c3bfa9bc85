"""What the ledger keeps of a protected picture: a salted commitment, its kind, when it ends, and who did it."""

from datetime import datetime
from uuid import uuid5

from studio.accounts.models import User
from studio.accounts.rules import membership_of
from studio.references.models import Protected
from studio.trail.actions import intend


def witness(row: Protected, what: str, *, by: User, at: datetime) -> None:
    """Commit to the entry that it was put in force (`added`), or taken out (`removed`), in the caller's transaction."""
    intend(
        log=row.organisation.log,
        kind="reference",
        row=uuid5(row.pk, what),
        at=at,
        body={
            "reference": str(row.pk),
            "event": what,
            "kind": row.kind,
            "commitment": row.commitment,
            "expires": row.expires.isoformat() if row.expires else None,
            "by": str(membership_of(by, row.organisation).pseudonym),
        },
    )
