"""The licence gate: a model is approved, and asked for pictures, only for what its licence allows.

It stands in two places: where a custodian approves a model for uses, and where a request is accepted. A model that was
taught here comes under the licences of every model in its line.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.catalogue.licences import Use, asks_for_a_use, forbidden
from studio.catalogue.models import Model, ModelDecision, ProjectUse


def licences(model: Model) -> list[str]:
    """The licences that a model comes under, its own first."""
    return [model.licence, *model.line.exclude(pk=model.pk).values_list("licence", flat=True)]


def clauses(model: Model) -> list[str]:
    """Everything that they forbid, in sentences."""
    return forbidden(licences(model), Use.values)


def uses_of(project: UUID) -> list[str] | None:
    """What the pictures of a project are for; None while nobody has said it."""
    return ProjectUse.objects.filter(project=project).values_list("uses", flat=True).first()


def refuse_approval(model: Model, uses: Collection[str]) -> None:
    """Raise ValidationError quoting each clause that forbids one of `uses`."""
    if refused := forbidden(licences(model), uses):
        raise ValidationError({"uses": refused})


def refuse_request(model: Model, project: UUID) -> None:
    """Raise ValidationError where a project's uses are forbidden by a licence, or are none it was approved for."""
    named, uses = licences(model), uses_of(project)
    if uses is None:
        if asks_for_a_use(named):
            remedy = _(
                "The licence of %(model)s forbids some uses, and nobody has said what this project is for. An "
                "administrator says it on the page of the organisation's limits; or choose another model."
            )
            raise ValidationError({"model": remedy % {"model": model.title}})
        return
    if refused := forbidden(named, uses):
        raise ValidationError({"model": [*refused, _("Choose another model for this project.")]})
    allowed = model.decisions.filter(outcome=ModelDecision.Outcome.APPROVED).values_list("uses", flat=True).first()
    if allowed is not None and (beyond := [Use(use).label for use in uses if use not in allowed]):
        remedy = _(
            "%(model)s is not approved for what this project is for (%(uses)s). Choose another, or ask a custodian."
        )
        raise ValidationError({"model": remedy % {"model": model.title, "uses": "; ".join(map(str, beyond))}})


def declare(*, actor: User, project: UUID, uses: Collection[str], at: datetime) -> None:
    """Put down what a project is for. The caller has checked who may; runs in its transaction."""
    chosen = [use.value for use in Use if use in uses]
    ProjectUse.objects.update_or_create(project=project, defaults={"uses": chosen, "declared_by": actor, "at": at})
