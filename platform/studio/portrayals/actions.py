"""Asking for a report: over pictures that are there, or over a grid of prompts that is drawn for it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import holds
from studio.catalogue.models import Model
from studio.jobs import bell
from studio.jobs.actions import spent, submit
from studio.portrayals.models import Drawn, Portrayal
from studio.projects.models import Campaign, Project
from studio.trail.actions import note

EACH = 30  # pictures of each prompt: fewer are not spoken of
_AT_ONCE = 15  # pictures of one request
MOST_ROLES = 4
_FIRST_SEED = 7


def ask_portrayal(*, actor: User, project: Project, campaign: Campaign | None, at: datetime) -> Portrayal:
    """A report over the visible pictures of a project, or of one campaign of it. Raises PermissionDenied."""
    holds(actor, project.organisation, Role.REVIEWER, Role.ADMINISTRATOR).enforce()
    portrayal = Portrayal(project=project, campaign=campaign, asked_by=actor, asked=at)
    with transaction.atomic():
        _begin(portrayal, actor=actor, at=at, pictures=0)
    return portrayal


def draw_grid(
    *, actor: User, campaign: Campaign, model: Model, roles: Sequence[str], languages: Sequence[str], at: datetime
) -> Portrayal:
    """A report over a grid: each role with nobody, women and men named, `EACH` pictures from the same seeds.

    The pictures are ordinary requests of `actor`: screened, counted against the budget, signed and recorded.
    Raises PermissionDenied, ValidationError naming the field.
    """
    project = campaign.project
    holds(actor, project.organisation, Role.CREATOR).enforce()
    cells = _cells(model, roles, languages)
    _check_room(project, len(cells) * EACH)
    grid = {"model": model.title, "revision": model.revision, "digest": model.digest, "each": EACH}
    portrayal = Portrayal(project=project, campaign=campaign, asked_by=actor, asked=at, grid=grid)
    with transaction.atomic():
        _begin(portrayal, actor=actor, at=at, pictures=len(cells) * EACH)
        for cell in cells:
            for part in range(EACH // _AT_ONCE):
                request = {**model.defaults, "prompt": cell.prompt, "seed": _FIRST_SEED + part, "count": _AT_ONCE}
                job = submit(
                    actor=actor, campaign=campaign, model=model, request=request, language=cell.language, at=at
                )
                Drawn.objects.create(
                    portrayal=portrayal, job=job, role=cell.role, marker=cell.marker, language=cell.language
                )
    return portrayal


def _begin(portrayal: Portrayal, *, actor: User, at: datetime, pictures: int) -> None:
    portrayal.save(force_insert=True)
    organisation = portrayal.project.organisation_id
    note(actor=actor, verb="portrayal.ask", subject=portrayal, organisation=organisation, at=at, drawn=pictures)
    transaction.on_commit(lambda: bell.ring_portrayal(portrayal.pk))


def _cells(model: Model, roles: Sequence[str], languages: Sequence[str]) -> tuple[pipeline.Cell, ...]:
    if not roles or len(roles) > MOST_ROLES:
        raise ValidationError({"roles": _("Choose between one role and %(most)s.") % {"most": MOST_ROLES}})
    if not languages:
        raise ValidationError({"languages": _("Choose at least one language.")})
    try:
        return pipeline.grid(Path(model.folder), roles, languages)
    except KeyError as unknown:
        remedy = _("%(title)s does not know %(unknown)s; choose another role, language or model.") % {
            "title": model.title,
            "unknown": unknown,
        }
        raise ValidationError({"roles": remedy}) from unknown


def _check_room(project: Project, wanted: int) -> None:
    left = max(project.budget - spent(project), 0)
    if wanted > left:
        raise ValidationError(
            {
                "roles": _(
                    "It would draw %(wanted)s pictures, and the project's budget has %(left)s left; choose fewer roles."
                )
                % {"wanted": wanted, "left": left}
            }
        )
