"""Legal holds: a project, or one picture, that nothing is erased of while a court or an inquiry may ask for it."""

from datetime import datetime
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from studio.accounts.models import Organisation, Retention, Role, User
from studio.accounts.rules import holds
from studio.jobs.models import Picture
from studio.projects.models import Project
from studio.trail.actions import note
from studio.trail.models import Hold

LONGEST_REASON = 300
LONGEST_DAYS = 36_500


def keep_for(*, actor: User, organisation: Organisation, at: datetime, **days: int | None) -> None:
    """Say how long what is no longer needed is kept: `held`, `unreleased` and `words`, in days; None is for good.

    Raises PermissionDenied, ValidationError.
    """
    actor_may(actor, organisation)
    for field, value in days.items():
        if value is not None and not 1 <= value <= LONGEST_DAYS:
            raise ValidationError(
                {field: _("Write a number of days from 1 to %(most)s, or leave it empty.") % {"most": LONGEST_DAYS}}
            )
    with transaction.atomic():
        rule, _made = Retention.objects.update_or_create(organisation=organisation, defaults=days)
        note(actor=actor, verb="retention.set", subject=rule, organisation=organisation.pk, at=at, **days)


def place_hold(*, actor: User, organisation: Organisation, subject: UUID, reason: str, at: datetime) -> Hold:
    """Hold a project or a picture of the organisation's, by its id. Raises PermissionDenied, ValidationError."""
    actor_may(actor, organisation)
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ValidationError(
            {"reason": _("Say why, in up to %(most)s characters; it stays on record.") % {"most": LONGEST_REASON}}
        )
    picture = Picture.objects.filter(pk=subject, organisation=organisation)
    projects = Project.objects.filter(
        Q(pk=subject) | Q(pk__in=picture.values("job__project")), organisation=organisation
    )
    with transaction.atomic():
        # Nothing of the project is erased meanwhile (`jobs.erasing.lock_unheld`), and nobody else holds it.
        project = projects.select_for_update(no_key=True).first()
        if project is None:
            raise ValidationError({"subject": _("No project and no picture of the organisation's has this id.")})
        kind = Hold.Kind.PROJECT if project.pk == subject else Hold.Kind.PICTURE
        if Hold.objects.filter(kind=kind, subject=subject, lifted=None).exists():
            raise ValidationError({"subject": _("It is held already.")})
        hold = Hold(id=uuid4(), organisation=organisation.pk, kind=kind, subject=subject, reason=reason)
        hold.placed, hold.placed_by = at, actor
        hold.save(force_insert=True)
        note(actor=actor, verb="hold.place", subject=hold, organisation=organisation.pk, at=at, kind=kind.value)
    return hold


def lift_hold(*, actor: User, hold: Hold, organisation: Organisation, at: datetime) -> None:
    """End a hold; what is due goes at the next sweep. Raises PermissionDenied."""
    actor_may(actor, organisation)
    with transaction.atomic():
        if Hold.objects.filter(pk=hold.pk, lifted=None).update(lifted=at, lifted_by=actor):
            note(actor=actor, verb="hold.lift", subject=hold, organisation=organisation.pk, at=at)


def actor_may(actor: User, organisation: Organisation) -> None:
    """Administrators decide what is kept."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
