"""Diffusion models that may be used here: which weights exactly, what taught them, approved by whom, and for what.

Picture -> model -> data is one query: a picture's job names a model, the model's `line` names every model that went
into it (itself included), and each of those has its `materials`.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Membership, Organisation, User
from studio.accounts.rules import organisations_of
from studio.catalogue.states import LessonState
from studio.claims import Claimable


class ModelQuerySet(models.QuerySet["Model"]):
    """Models, seen from a person's chair."""

    def for_actor(self, user: User) -> "ModelQuerySet":
        """Models of the organisations in which `user` holds a role."""
        return self.filter(organisation__in=organisations_of(user))


class Model(models.Model):
    """A model folder locked by the digest of its weights, for one organisation.

    A new one is unapproved until a custodian approves it. `parent_digest` names the weights that it was taught from;
    `parent` is their row, where they were registered here first.
    """

    class State(models.TextChoices):
        """Whether the model may be asked for pictures."""

        UNAPPROVED = "unapproved", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="models")
    slug = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    folder = models.CharField(max_length=500)
    family = models.CharField(max_length=40)
    revision = models.CharField(max_length=80)
    licence = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    data_manifest_sha256 = models.CharField(max_length=64, blank=True)
    weights = models.JSONField(default=dict)
    defaults = models.JSONField(default=dict)
    languages = models.JSONField(default=list)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    parent_title = models.CharField(max_length=120, blank=True)
    parent_digest = models.CharField(max_length=64, blank=True)
    line = models.ManyToManyField("self", symmetrical=False, related_name="heirs")
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNAPPROVED)
    registered = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ModelQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "slug"], name="model_slug_once"),
            models.CheckConstraint(condition=models.Q(digest__regex=r"^[0-9a-f]{64}$"), name="model_digest_whole"),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | models.Q(approved_by__isnull=False), name="approved_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def purposes(self) -> str:
        """For what a custodian approved it; empty while nobody has."""
        approval = self.decisions.filter(outcome=ModelDecision.Outcome.APPROVED).first()
        return approval.words if approval else ""


class Material(models.Model):
    """One thing that a model was taught with, from its lineage: a picture with its papers, or a package of drawings."""

    model = models.ForeignKey(Model, on_delete=models.CASCADE, related_name="materials")
    place = models.PositiveIntegerField(help_text="Its place in the lineage.")
    name = models.CharField(max_length=255, help_text="A file, or a package.")
    version = models.CharField(max_length=80, blank=True, help_text="Of a package; a picture has none.")
    sha256 = models.CharField(max_length=64, blank=True, db_index=True, help_text="Of a picture; a package has none.")
    licence = models.CharField(max_length=200)
    source = models.TextField(blank=True)
    consent = models.TextField(blank=True)
    caption = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "place"], name="material_place_once"),
            models.CheckConstraint(condition=~Q(licence=""), name="material_is_licensed"),
        ]

    def __str__(self) -> str:
        return self.name


class ModelDecision(models.Model):
    """A custodian's decision about a model: that it may be used, and for what, or that it may be used no longer."""

    class Outcome(models.TextChoices):
        """What was decided."""

        APPROVED = "approved", _("Approved")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="decisions")
    custodian = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    words = models.TextField(help_text="The purposes that are permitted, or the reason of the withdrawal.")
    uses = models.JSONField(null=True, help_text="The uses that are permitted (licences.Use); None: as licensed.")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(words=""), name="model_decision_has_words"),
            # A withdrawn model stays withdrawn, so each is decided at most once.
            models.UniqueConstraint(fields=["model", "outcome"], name="model_decided_once"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.model}"


class ProjectUse(models.Model):
    """What the pictures of a project are made for, as its administrator says; the licence gate asks for it."""

    project = models.UUIDField(primary_key=True)
    uses = models.JSONField()
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{', '.join(self.uses)} ({self.project})"


class LessonQuerySet(models.QuerySet["Lesson"]):
    """Lessons, seen from a person's chair."""

    def for_actor(self, user: User) -> "LessonQuerySet":
        """Lessons of the organisations in which `user` holds a role."""
        return self.filter(parent__organisation__in=organisations_of(user))


class Lesson(Claimable):
    """A wish that a model be taught a concept, and the queue's row of its training.

    `pictures` are the lines of the data manifest. The files themselves lie sealed under the custodian's key
    (catalogue.pictures) until the lesson has ended.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parent = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="lessons")
    custodian = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="lessons")
    state = models.CharField(max_length=12, choices=LessonState.choices, default=LessonState.WAITING)
    concept = models.CharField(max_length=40)
    words = models.JSONField(default=list, help_text="What the concept is called: LANGUAGE:WORD.")
    pictures = models.JSONField()
    steps = models.PositiveIntegerField()
    step = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True)
    left_s = models.FloatField(null=True)
    cancel_requested = models.BooleanField(default=False)
    failure = models.TextField(blank=True)
    asked = models.DateTimeField()
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    model = models.OneToOneField(Model, on_delete=models.PROTECT, null=True, related_name="lesson")

    objects = LessonQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["asked"], condition=Q(state="WAITING"), name="lesson_queue")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=LessonState.values), name="lesson_state_known"),
            models.CheckConstraint(
                condition=~Q(state="TRAINING") | Q(token__isnull=False, lease__isnull=False),
                name="lesson_training_is_claimed",
            ),
            models.CheckConstraint(condition=~Q(state="DONE") | Q(model__isnull=False), name="lesson_done_has_a_model"),
        ]

    def __str__(self) -> str:
        return f"lesson {self.concept}"

    @property
    def organisation(self) -> Organisation:
        """Whose model is taught."""
        return self.parent.organisation
