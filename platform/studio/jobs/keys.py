"""Tells the ledger which keys sign and which were taken back, once each, so that neither can be denied later."""

from datetime import datetime
from uuid import uuid5

from django.db import transaction

from studio import pipeline
from studio.accounts.models import Organisation
from studio.trail.actions import intend, note, settle
from studio.trail.models import LedgerIntent


def witness_keys(organisation: Organisation, *, at: datetime) -> None:
    """Record a key that the ledger does not know yet, or a revocation. Raises KeyFileError, LedgerUnavailableError."""
    standing = pipeline.key_standing(organisation.slug, now=at)
    events: list[dict[str, str]] = [
        {"event": "in use", "key": standing.key_id, "algorithm": standing.algorithm},
        *(
            {"event": "revoked", "key": key, "since": since, "reason": reason}
            for key, (since, reason) in standing.revoked.items()
        ),
    ]
    for event in events:
        row = uuid5(organisation.pk, f"{event['event']} {event['key']} {event.get('since', '')}")
        if not LedgerIntent.objects.filter(row=str(row), kind="key").exists():
            with transaction.atomic():
                intent = intend(log=organisation.log, kind="key", row=row, at=at, body=event)
                note(actor=None, verb="key.witness", subject=organisation, organisation=organisation.pk, at=at, **event)
            settle(intent, at=at)
