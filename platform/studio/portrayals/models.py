"""Representation reports: whom a set of pictures shows, measured in the background and kept.

- A report is over the visible pictures of a project or campaign, or over a grid of prompts drawn for it.
- It keeps, of each picture, what its prompt names and what was measured; never a prompt, and nothing guessed about
  anybody. The measured features go when the report is done.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.accounts.models import RoleGrant, User
from studio.jobs.models import Job, Picture
from studio.projects.models import Campaign, Project


class PortrayalQuerySet(models.QuerySet["Portrayal"]):
    """Reports, seen from a person's chair."""

    def for_actor(self, user: User, *roles: str) -> "PortrayalQuerySet":
        """Reports of the organisations in which `user` holds one of `roles`, and those `user` asked for."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        grants = RoleGrant.objects.filter(membership__user=user)
        member = Q(project__organisation__in=grants.values("membership__organisation"))
        reader = Q(project__organisation__in=grants.filter(role__in=roles).values("membership__organisation"))
        return self.filter(member & (reader | Q(asked_by=user)))


class Portrayal(models.Model):
    """One report. Without a campaign it is over the whole project; `grid` says what was drawn for it, if anything was.

    `unnamed`: pictures whose prompts name nobody; `erased`: those whose prompts cannot be read any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="portrayals")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, related_name="portrayals")
    grid = models.JSONField(default=dict, help_text="Model, roles, languages and pictures of each prompt.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    chosen = models.BooleanField(default=False)
    unnamed = models.PositiveIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0)
    token = models.UUIDField(null=True)
    lease = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)
    fault = models.TextField(blank=True, help_text="Why there is no report, for whoever asked.")

    objects = PortrayalQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-asked"]

    def __str__(self) -> str:
        return f"portrayal of {self.campaign or self.project}"


class Drawn(models.Model):
    """One prompt of a report's grid: the request that draws it, and what it names."""

    portrayal = models.ForeignKey(Portrayal, on_delete=models.CASCADE, related_name="drawn")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="drawn")
    role = models.CharField(max_length=60)
    marker = models.CharField(max_length=120)
    language = models.CharField(max_length=8)

    def __str__(self) -> str:
        return f"{self.role}, {self.marker}, {self.language}"


class Sitting(models.Model):
    """One picture of a report: whom its prompt names, and what was measured."""

    portrayal = models.ForeignKey(Portrayal, on_delete=models.CASCADE, related_name="sittings")
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=60)
    marker = models.CharField(max_length=120)
    language = models.CharField(max_length=8)
    measured = models.BooleanField(default=False)
    features = models.TextField(blank=True, help_text="Packed vectors; emptied when the report is done.")
    faces = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["portrayal", "picture"], name="picture_sits_once")]

    def __str__(self) -> str:
        return f"{self.role}, {self.marker}: {self.picture_id}"


class Rating(models.Model):
    """What one of two people saw in one picture of a report: the items of the checklist that they ticked, by name."""

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="ratings")
    rater = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seen = models.JSONField(default=list)
    rated = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["rated", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["sitting", "rater"], name="rated_once_by_each")]

    def __str__(self) -> str:
        return f"{self.rater_id} on {self.sitting_id}: {', '.join(self.seen) or 'nothing'}"
