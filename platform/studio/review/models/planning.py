"""How a project's pictures are reviewed: stages in order, each with its quorum and, where it is to be, its people."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.accounts.models import Membership
from studio.projects.models import Project


class ReviewPlan(models.Model):
    """An immutable numbered version of a project's review; the highest number holds for what is submitted from then on.

    Without an `author` it is the one that every project begins with: one stage, one approval, any reviewer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="review_plans")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "number"], name="plan_number_once")]

    def __str__(self) -> str:
        return f"review plan {self.number} of {self.project_id}"


class Stage(models.Model):
    """One stage of a plan: `needed` approvals, by any reviewer or, where `deciders` are named, by those alone."""

    plan = models.ForeignKey(ReviewPlan, on_delete=models.CASCADE, related_name="stages")
    place = models.PositiveSmallIntegerField(help_text="Its place in the order, from 1.")
    name = models.CharField(max_length=40)
    needed = models.PositiveSmallIntegerField(default=1)
    deciders = models.ManyToManyField(Membership, blank=True, related_name="stages")

    class Meta:
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "place"], name="stage_place_once"),
            models.UniqueConstraint(fields=["plan", "name"], name="stage_name_once"),
            models.CheckConstraint(condition=Q(needed__gte=1, place__gte=1), name="stage_needs_somebody"),
        ]

    def __str__(self) -> str:
        return self.name
