"""Setting up projects and campaigns."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds
from studio.projects.models import Campaign, Project
from studio.trail.actions import note


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


def choose_label(*, actor: User, project: Project, label: str, language: str, at: datetime) -> None:
    """What pictures of this project say on their face from now on; those that are signed already keep what they say.

    Raises PermissionDenied, ValidationError.
    """
    holds(actor, project.organisation, Role.ADMINISTRATOR).enforce()
    if label not in Project.Label.values:
        raise ValidationError({"label": "Choose one of the labels."})
    if language not in dict(pipeline.label_languages()):
        raise ValidationError({"language": "Choose one of the languages."})
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(label=label, label_language=language)
        note(
            actor=actor,
            verb="project.label",
            subject=project,
            organisation=project.organisation_id,
            at=at,
            label=label,
            language=language,
        )


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
