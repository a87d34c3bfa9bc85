"""Setting up projects and campaigns."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds
from studio.catalogue.licence_gate import declare
from studio.projects.models import Campaign, Project
from studio.trail.actions import note

MOST_PICTURES = 1_000_000


def open_project(
    *, actor: User, organisation: Organisation, slug: str, name: str, at: datetime, label: str = Project.Label.TEXT
) -> Project:
    """A new project. It takes requests once it has a policy."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    project = Project(organisation=organisation, slug=slug, name=name, label=label, created=at)
    project.full_clean()
    with transaction.atomic():
        project.save(force_insert=True)
        note(actor=actor, verb="project.open", subject=project, organisation=organisation.pk, at=at)
    return project


def choose_label_language(*, actor: User, project: Project, language: str, at: datetime) -> None:
    """In which language new pictures say on their face that a machine made them; which label it is, the policy says.

    Raises PermissionDenied, ValidationError.
    """
    holds(actor, project.organisation, Role.ADMINISTRATOR).enforce()
    if language not in dict(pipeline.label_languages()):
        raise ValidationError({"language": _("Choose one of the languages.")})
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(label_language=language)
        note(
            actor=actor,
            verb="project.label",
            subject=project,
            organisation=project.organisation_id,
            at=at,
            language=language,
        )


def set_terms(*, actor: User, project: Project, budget: int, uses: Collection[str], at: datetime) -> None:
    """How many pictures may be made in a project in all, and what they are for.

    Requests that were accepted stay accepted. Raises PermissionDenied, ValidationError.
    """
    holds(actor, project.organisation, Role.ADMINISTRATOR).enforce()
    if not 0 <= budget <= MOST_PICTURES:
        raise ValidationError({"budget": _("Write a number from 0 to %(most)s.") % {"most": MOST_PICTURES}})
    if not uses:
        raise ValidationError({"uses": _("Choose at least one; licences of models ask for it.")})
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(budget=budget)
        declare(actor=actor, project=project.pk, uses=uses, at=at)
        terms = {"budget": budget, "uses": sorted(uses)}
        note(actor=actor, verb="project.terms", subject=project, organisation=project.organisation_id, at=at, **terms)


def open_campaign(
    *,
    actor: User,
    project: Project,
    slug: str,
    name: str,
    purpose: str,
    languages: Sequence[str],
    channels: Sequence[str],
    at: datetime,
) -> Campaign:
    """A new campaign in a project."""
    holds(actor, project.organisation, Role.ADMINISTRATOR, Role.CREATOR).enforce()
    campaign = Campaign(
        project=project,
        slug=slug,
        name=name,
        purpose=purpose,
        languages=list(languages),
        channels=list(channels),
        created=at,
    )
    campaign.full_clean()
    with transaction.atomic():
        campaign.save(force_insert=True)
        note(actor=actor, verb="campaign.open", subject=campaign, organisation=project.organisation_id, at=at)
    return campaign
