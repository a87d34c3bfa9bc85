"""Projects, their campaigns, and the policy versions that govern them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from studio.accounts.models import Organisation, RoleGrant, User, slug


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects, seen from a person's chair."""

    def for_actor(self, user: User) -> "ProjectQuerySet":
        """Projects of the organisations in which `user` holds a role."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        held = RoleGrant.objects.filter(membership__user=user).values("membership__organisation")
        return self.filter(organisation__in=held)


class Project(models.Model):
    """A line of work with one policy, one way of labelling and one budget."""

    class Label(models.TextChoices):
        """The mark that a person sees in the picture."""

        NONE = "none", pgettext_lazy("a label", "None")
        ICON = "icon", _("Icon: two letters")
        TEXT = "text", _("Text: “AI-generated”")
        SIMULATION = "simulation", _("SIMULATION band")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="projects")
    slug = models.CharField(max_length=40, validators=[slug])
    name = models.CharField(max_length=120)
    label = models.CharField(max_length=12, choices=Label.choices, default=Label.TEXT)
    label_language = models.CharField(max_length=8, default="en")
    training_mining = models.CharField(max_length=12, default="notAllowed")
    publish_prompts = models.BooleanField(default=False)
    budget = models.PositiveIntegerField(default=1000, help_text="Pictures that may be made in this project.")
    created = models.DateTimeField()
    served = models.DateTimeField(
        null=True, blank=True, help_text="When a worker last took a request of this project: fairness."
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "slug"], name="project_slug_once")]

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """Why pictures are made: purpose, languages and channels. Reports scope to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="campaigns")
    slug = models.CharField(max_length=40, validators=[slug])
    name = models.CharField(max_length=120)
    purpose = models.TextField()
    languages = models.JSONField(default=list, blank=True)
    channels = models.JSONField(default=list, blank=True)
    created = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "slug"], name="campaign_slug_once")]

    def __str__(self) -> str:
        return self.name


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    """Versions of policies, newest first."""

    def for_actor(self, user: User) -> "PolicyVersionQuerySet":
        """Versions of the organisations in which `user` holds a role, and of their projects."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        held = RoleGrant.objects.filter(membership__user=user).values("membership__organisation")
        return self.filter(organisation__in=held)

    def of(self, organisation: Organisation, project: "Project | None") -> "PolicyVersionQuerySet":
        """The versions of a project's policy, or of the organisation's own; the first one is in force."""
        return self.filter(organisation=organisation, project=project)


class PolicyVersion(models.Model):
    """An immutable numbered snapshot of the policy of a project, or of an organisation; the highest number is in force.

    - `own` is what its author wrote, `document` what is in force: the same, tightened by what stands above it;
      `digest` is the document's, and the one that decisions, manifests and ledger entries carry.
    - `rests_on` is the organisation's version a project's one was joined with; None where only the floor is above.
    - `may_relax` are the categories that an organisation lets its projects loosen.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="policies")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="policies")
    number = models.PositiveIntegerField()
    own = models.JSONField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    label = models.CharField(max_length=12, choices=Project.Label.choices, default=Project.Label.TEXT)
    may_relax = models.JSONField(default=list, blank=True)
    examples = models.JSONField(default=list, blank=True, help_text="Prompts it was tested by before publishing.")
    rests_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="rested_on_by")
    exception = models.TextField(blank=True, help_text="Why it was published although an example failed.")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published = models.DateTimeField()

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "number"], name="policy_number_once"),
            models.UniqueConstraint(
                fields=["organisation", "number"],
                condition=models.Q(project=None),
                name="organisation_policy_number_once",
            ),
            models.CheckConstraint(condition=~models.Q(author=models.F("approver")), name="policy_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.project or self.organisation} policy {self.number}"
