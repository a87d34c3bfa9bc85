"""Writes the trail: audit rows and ledger intents inside the caller's transaction, receipts after it."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models, transaction
from django.dispatch import Signal

from studio import pipeline
from studio.faults import fault
from studio.trail.models import AuditRow, LedgerIntent

if TYPE_CHECKING:
    # The trail lies below the accounts, so it knows people by type only.
    from studio.accounts.models import User

# Sent with each new `row`, inside the transaction of what it tells: apps above the trail hear of things by it.
noted = Signal()


def note(
    *,
    actor: "User | None",
    verb: str,
    subject: models.Model,
    organisation: UUID | None,
    at: datetime,
    **detail: Any,
) -> None:
    """Add one audit row. `actor` is None for what the product does by itself; `detail` never holds a prompt."""
    row = AuditRow.objects.create(
        at=at,
        organisation=organisation,
        actor=actor,
        verb=verb,
        object_kind=subject._meta.model_name or "",
        object_id=str(subject.pk),
        detail=detail,
    )
    noted.send(AuditRow, row=row)


def intend(
    *,
    log: str,
    kind: str,
    row: UUID,
    at: datetime,
    record: str | None = None,
    asset: Mapping[str, str] | None = None,
    body: Mapping[str, Any],
) -> LedgerIntent:
    """Commit to an entry: its exact bytes, in the transaction of the change it witnesses."""
    entry = pipeline.entry_id(log, kind, str(row))
    canonical = pipeline.canonical_entry(log=log, entry=entry, kind=kind, at=at, record=record, asset=asset, body=body)
    return LedgerIntent.objects.create(
        entry=entry,
        log=log,
        kind=kind,
        row=str(row),
        record=record or "",
        canonical=canonical,
        asset_sha256=asset["sha256"] if asset else "",
        created=at,
    )


def settle(intent: LedgerIntent, *, at: datetime) -> LedgerIntent:
    """Append the intent's entry, unless that was done, and keep the receipt.

    Raises what `pipeline.append` raises; the intent then stays pending and is tried again.
    """
    if intent.sequence is not None:
        return intent
    fault("intent before append")
    receipt = pipeline.append(bytes(intent.canonical))
    with transaction.atomic():
        LedgerIntent.objects.filter(pk=intent.pk, sequence=None).update(
            sequence=receipt.sequence, leaf=receipt.leaf, appended=at
        )
    intent.refresh_from_db()
    return intent


def pending() -> models.QuerySet[LedgerIntent]:
    """Intents without a receipt, oldest first."""
    return LedgerIntent.objects.filter(sequence=None).order_by("created")
