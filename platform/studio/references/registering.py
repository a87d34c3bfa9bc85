"""Reads a picture that was handed in, in the control worker: hashes and features are kept, the file goes.

A picture that cannot be used is REFUSED, with the reason for whoever handed it in.
"""

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from studio import offering, pipeline, quarantine, vault
from studio.accounts.models import Organisation, SubjectKey
from studio.claims import unheard
from studio.quarantine import Kind
from studio.references.models import Protected
from studio.references.recording import witness
from studio.trail.actions import note

logger = logging.getLogger(__name__)
STATE = Protected.State
GONE = "The file was erased before it was read; hand it in again."
# What a copy of each kind counts for.
CATEGORIES = {Protected.Kind.LOGO: "ip_style", Protected.Kind.WORK: "ip_style", Protected.Kind.PORTRAIT: "real_person"}


def register(pk: UUID, *, at: datetime) -> str:
    """Read one picture, unless that was done; returns its state."""
    row = Protected.objects.select_related("organisation", "added_by__user").get(pk=pk)
    if row.state == STATE.WAITING:
        try:
            found, digest = _read(row)
        except ValidationError as error:
            _settle(row, STATE.REFUSED, at=at, fault=" ".join(error.messages))
        else:
            salt = secrets.token_hex(16)
            commitment = pipeline.commitment(digest, bytes.fromhex(salt))
            _settle(row, STATE.IN_FORCE, at=at, reference=found, salt=salt, commitment=commitment)
        quarantine.place(Kind.PROTECTED, pk).remove()
        row.refresh_from_db(fields=["state"])
    return row.state


def _read(row: Protected) -> tuple[Mapping[str, Any], str]:
    """The reference as the library keeps it, and the digest of its pixels. Raises ValidationError."""
    wrapped = SubjectKey.objects.filter(membership=row.added_by_id).values_list("wrapped", flat=True).first()
    try:
        if wrapped is None:
            raise FileNotFoundError
        sealed = quarantine.place(Kind.PROTECTED, row.pk).read()
        data = vault.unseal(sealed, key=bytes(wrapped), purpose=row.sealed_for)
    except (FileNotFoundError, vault.SealBrokenError) as error:
        raise ValidationError(GONE) from error
    picture = offering.read(data)
    category = CATEGORIES[Protected.Kind(row.kind)]
    try:
        found = pipeline.register_reference(
            picture, reference_id=str(row.pk), label=row.title, category=category, owner=row.owner
        )
    except pipeline.ModerationError as error:
        raise ValidationError(str(error).partition(": ")[2].capitalize() or str(error)) from error
    return found, picture.pixel_sha256


def _settle(row: Protected, state: str, *, at: datetime, **changes: Any) -> None:
    """WAITING to its next state, with the audit row, and for what is in force the ledger's entry."""
    with transaction.atomic():
        if Protected.objects.filter(pk=row.pk, state=STATE.WAITING).update(state=state, **changes) != 1:
            return
        verb = "reference.read" if state == STATE.IN_FORCE else "reference.refuse"
        note(actor=None, verb=verb, subject=row, organisation=row.organisation_id, at=at)
        if state == STATE.IN_FORCE:
            row.commitment = changes["commitment"]
            witness(row, "added", by=row.added_by.user, at=at)


def compared_with(organisation: Organisation, *, at: datetime) -> pipeline.References:
    """What a finished picture of an organisation is compared with; the hashes are fetched when first needed."""
    rows = Protected.objects.in_force(organisation, at=at).order_by("added", "pk")
    names = tuple(map(str, rows.values_list("pk", flat=True)))
    return pipeline.References(names, lambda: list(rows.values_list("reference", flat=True)))


def left_over(*, now: datetime) -> list[UUID]:
    """Pictures that a lost message, or a worker's end, left unread."""
    waiting = Protected.objects.filter(unheard("added", now, seconds=10), state=STATE.WAITING)
    return list(waiting.values_list("pk", flat=True)[:20])


def sweep(*, now: datetime) -> int:
    """Remove sealed files that no row waits for: a crash fell between them. Returns how many."""
    waiting = Protected.objects.filter(state=STATE.WAITING)
    return quarantine.sweep(Kind.PROTECTED, waiting, now=now)
