"""Policies before they are in force: drafts, their rehearsals, and what they would have done beside the real ones.

Published versions live in `projects`, below the requests that refer to them. Nothing here ever decides a request.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.accounts.models import Organisation, RoleGrant, User
from studio.jobs.models import Job, Screening
from studio.policies.scope import Scope
from studio.projects.models import PolicyVersion, Project


class PolicyDraftQuerySet(models.QuerySet["PolicyDraft"]):
    """Drafts, seen from a person's chair."""

    def for_actor(self, user: User, *roles: str) -> "PolicyDraftQuerySet":
        """Drafts of the organisations in which `user` holds one of `roles`."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        held = RoleGrant.objects.filter(membership__user=user, role__in=roles).values("membership__organisation")
        return self.filter(organisation__in=held)

    def of(self, scope: Scope) -> "PolicyDraftQuerySet":
        """The drafts for one place."""
        return self.filter(organisation=scope.organisation, project=scope.project)


class PolicyDraft(models.Model):
    """A policy that one person writes. Only they change it, and only while it is OPEN.

    `own` is a policy's JSON, always a valid one; `shadow_since` says since when it runs beside the one in force.
    """

    class State(models.TextChoices):
        """Where a draft stands."""

        OPEN = "OPEN", "Being written"
        PROPOSED = "PROPOSED", "Waiting for approval"
        PUBLISHED = "PUBLISHED", "Published"
        DISCARDED = "DISCARDED", "Put aside"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="policy_drafts")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="policy_drafts")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    own = models.JSONField()
    label = models.CharField(max_length=12, choices=Project.Label.choices, default=Project.Label.TEXT)
    may_relax = models.JSONField(default=list, blank=True)
    examples = models.JSONField(default=list, blank=True)
    appeal = models.OneToOneField(
        Job,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="proposal",
        help_text="The granted appeal that a reviewer proposed it from.",
    )
    returned = models.TextField(blank=True, help_text="What the approver asked to have changed.")
    shadow_since = models.DateTimeField(null=True, blank=True)
    version = models.OneToOneField(PolicyVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="draft")
    started = models.DateTimeField()
    changed = models.DateTimeField()

    objects = PolicyDraftQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="PUBLISHED", version__isnull=False) | (~Q(state="PUBLISHED") & Q(version=None)),
                name="published_draft_has_a_version",
            ),
            models.CheckConstraint(
                condition=Q(shadow_since=None) | Q(state__in=["OPEN", "PROPOSED"]), name="only_drafts_run_in_shadow"
            ),
        ]

    def __str__(self) -> str:
        return f"draft for {self.scope.name}"

    @property
    def stamp(self) -> str:
        """The name of its state's stamp."""
        return f"draft {self.state.lower()}"

    @property
    def scope(self) -> Scope:
        """The place it is written for."""
        return Scope(self.organisation, self.project)


class Rehearsal(models.Model):
    """One run of a draft over its example prompts and over past requests; `report` holds no words of any request.

    `digest` names what was rehearsed: another one means that the draft, or what it is compared with, has changed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="rehearsals")
    digest = models.CharField(max_length=64)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    wanted = models.JSONField(default=list, help_text="The requests it goes over, newest first.")
    done = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True)
    lease = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-asked"]

    def __str__(self) -> str:
        return f"rehearsal of {self.draft_id}"


class ShadowDecision(models.Model):
    """What a draft would have decided where a real screening decided; it never acts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(PolicyDraft, on_delete=models.CASCADE, related_name="shadows")
    digest = models.CharField(max_length=64, help_text="Of the draft as it would have come into force.")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="shadows")
    action = models.CharField(max_length=12)
    decision = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["draft", "digest", "screening"], name="one_shadow_for_each_screening")
        ]

    def __str__(self) -> str:
        return f"{self.action} beside {self.screening_id}"
