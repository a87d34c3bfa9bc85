"""Filling the registry: an administrator hands a picture in, or takes one out. The worker reads it (`registering`)."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import quarantine, vault
from studio.accounts.models import Organisation, Role, SubjectKey, User
from studio.accounts.rules import holds, membership_of
from studio.quarantine import Kind
from studio.references import bell
from studio.references.models import Protected
from studio.references.recording import witness
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

MOST = 500  # references of one organisation; every finished picture is compared with all of them
STATE = Protected.State
UNASKED = {"reference", "salt", "commitment", "removed", "removed_by"}  # what no form asks for


def protect(
    *,
    actor: User,
    organisation: Organisation,
    kind: str,
    title: str,
    why: str,
    owner: str,
    expires: date | None,
    data: bytes,
    at: datetime,
) -> Protected:
    """Hand a picture file in. It is compared with once the worker has read it.

    Raises PermissionDenied, ValidationError naming the field, OSError.
    """
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    membership = membership_of(actor, organisation)
    row = Protected(
        id=uuid4(),
        organisation=organisation,
        kind=kind,
        title=title.strip(),
        why=why.strip(),
        owner=owner.strip(),
        expires=expires,
        added_by=membership,
        added=at,
    )
    _check(row, at)
    key, _ = SubjectKey.objects.get_or_create(membership=membership, defaults={"wrapped": vault.new_key()})
    # A file before its row, as everywhere: the sweeper clears what a crash leaves between them.
    sealed = vault.seal(data, key=bytes(key.wrapped), purpose=row.sealed_for)
    quarantine.place(Kind.PROTECTED, row.pk).write(sealed)
    with transaction.atomic():
        row.save(force_insert=True)
        _note(row, "reference.add", actor=actor, at=at)
        transaction.on_commit(lambda: bell.ring_register(row.pk))
    return row


def _check(row: Protected, at: datetime) -> None:
    row.full_clean(exclude=UNASKED if row.expires else {*UNASKED, "expires"}, validate_constraints=False)
    if row.expires and row.expires < at.date():
        raise ValidationError({"expires": _("This day is over; choose a later one, or leave it empty.")})
    kept = Protected.objects.filter(organisation=row.organisation, state__in=[STATE.WAITING, STATE.IN_FORCE]).count()
    if kept >= MOST:
        raise ValidationError(_("There are %(kept)s protected pictures already; take one out first.") % {"kept": kept})


def unprotect(*, actor: User, protected: Protected, at: datetime) -> None:
    """Take a picture out, whatever state it is in. Raises PermissionDenied, StaleStateError."""
    organisation = protected.organisation
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    was_in_force = protected.state == STATE.IN_FORCE
    changes = {"reference": {}, "salt": "", "removed_by": actor, "removed": at}
    _with_lock(organisation, lambda: _remove(protected, actor=actor, at=at, told=was_in_force, **changes))
    quarantine.place(Kind.PROTECTED, protected.pk).remove()


def _with_lock(organisation: Organisation, work: Callable[[], None]) -> None:
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        work()


def _remove(protected: Protected, *, actor: User, at: datetime, told: bool, **changes: object) -> None:
    standing = Protected.objects.filter(pk=protected.pk, state=protected.state).exclude(state=STATE.REMOVED)
    if standing.update(state=STATE.REMOVED, **changes) != 1:
        raise StaleStateError(protected.pk, protected.state)
    _note(protected, "reference.remove", actor=actor, at=at)
    if told:
        witness(protected, "removed", by=actor, at=at)


def _note(row: Protected, verb: str, *, actor: User, at: datetime) -> None:
    note(actor=actor, verb=verb, subject=row, organisation=row.organisation_id, at=at, kind=row.kind)
