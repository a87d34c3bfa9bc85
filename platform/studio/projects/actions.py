"""Setting up projects and campaigns."""

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from studio import pipeline
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


def choose_label_language(*, actor: User, project: Project, language: str, at: datetime) -> None:
    """In which language new pictures say on their face that a machine made them; which label it is, the policy says.

    Raises PermissionDenied, ValidationError.
    """
    holds(actor, project.organisation, Role.ADMINISTRATOR).enforce()
    if language not in dict(pipeline.label_languages()):
        raise ValidationError({"language": "Choose one of the languages."})
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
