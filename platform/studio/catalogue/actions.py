"""Registering models and approving their use."""

from datetime import datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds
from studio.catalogue.models import Model
from studio.trail.actions import note


def register_model(*, actor: User, organisation: Organisation, slug: str, folder: Path, at: datetime) -> Model:
    """Lock a model folder by its digest.

    It waits for approval; registering the same weights again returns the first row.

    Raises PermissionDenied, or ValidationError when the folder is not a model (or holds pickled weights).
    """
    holds(actor, organisation, Role.CUSTODIAN).enforce()
    try:
        facts = pipeline.describe_model(folder, slug=slug)
    except pipeline.ModelFolderError as error:
        raise ValidationError({"folder": str(error)}) from error
    with transaction.atomic():
        model, created = Model.objects.get_or_create(
            organisation=organisation, slug=slug, defaults={**facts, "registered": at}
        )
        if not created and model.digest != facts["digest"]:
            raise ValidationError(
                {"slug": f"{slug} is registered with other weights; register these under a new name."}
            )
        if created:
            note(
                actor=actor,
                verb="model.register",
                subject=model,
                organisation=organisation.pk,
                at=at,
                digest=model.digest,
            )
    return model


def approve_model(*, actor: User, model: Model, at: datetime) -> Model:
    """Allow a registered model to be used in its organisation. A model that is not waiting is left as it is."""
    organisation = model.organisation
    holds(actor, organisation, Role.CUSTODIAN).enforce()
    with transaction.atomic():
        waiting = Model.objects.filter(pk=model.pk, state=Model.State.UNAPPROVED)
        if waiting.update(state=Model.State.APPROVED, approved_by=actor):
            facts = {"digest": model.digest, "licence": model.licence}
            note(actor=actor, verb="model.approve", subject=model, organisation=organisation.pk, at=at, **facts)
    model.refresh_from_db()
    return model


def withdraw_model(*, actor: User, model: Model, at: datetime) -> Model:
    """Stop a model from being asked for more; what it made stays, and says by which model it was made."""
    organisation = model.organisation
    holds(actor, organisation, Role.CUSTODIAN).enforce()
    with transaction.atomic():
        if Model.objects.filter(pk=model.pk, state=Model.State.APPROVED).update(state=Model.State.WITHDRAWN):
            note(actor=actor, verb="model.withdraw", subject=model, organisation=organisation.pk, at=at)
    model.refresh_from_db()
    return model
