"""Setting up projects and campaigns, and publishing the policy that governs them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds, membership_of
from studio.projects.models import Campaign, PolicyVersion, Project
from studio.trail.actions import intend, note


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


def publish_policy(
    *, author: User, approver: User, project: Project, document: Mapping[str, Any], at: datetime
) -> PolicyVersion:
    """Put a policy in force as the project's next version: one administrator writes it, another person approves it.

    Requests submitted before keep the version they were submitted under. Raises PermissionDenied, ValidationError.
    """
    organisation = project.organisation
    holds(author, organisation, Role.ADMINISTRATOR).enforce()
    holds(approver, organisation, Role.REVIEWER, Role.ADMINISTRATOR).enforce()
    if author == approver:
        raise ValidationError({"approver": "A policy is approved by somebody other than its author."})
    try:
        policy = pipeline.policy(document)
    except pipeline.ModerationError as error:
        raise ValidationError({"document": str(error)}) from error
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        latest = project.policies.first()
        version = PolicyVersion.objects.create(
            id=uuid4(),
            project=project,
            number=latest.number + 1 if latest else 1,
            document=policy.to_json(),
            digest=policy.digest,
            author=author,
            approver=approver,
            published=at,
        )
        intend(
            log=organisation.log,
            kind="policy",
            row=version.pk,
            at=at,
            body={
                "project": str(project.pk),
                "number": version.number,
                "digest": version.digest,
                "author": str(membership_of(author, organisation).pseudonym),
                "approver": str(membership_of(approver, organisation).pseudonym),
            },
        )
        note(
            actor=approver,
            verb="policy.publish",
            subject=version,
            organisation=organisation.pk,
            at=at,
            number=version.number,
        )
    return version
