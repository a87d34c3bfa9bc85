"""People, organisations and the roles that join them.

- A person may belong to several organisations and hold several roles in each; a role never crosses organisations.
- Outside Django (ledger, manifests) a person is only their membership's `pseudonym`.
- `SubjectKey` seals what a person typed; deleting it erases that everywhere.
"""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models

slug = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", "Use small letters, digits and single hyphens, like “water-aid”.")


class Role(models.TextChoices):
    """What a member may do. Superusers get none of these by being superusers."""

    CREATOR = "creator", "Creator"
    REVIEWER = "reviewer", "Reviewer"
    AUDITOR = "auditor", "Auditor"
    CUSTODIAN = "custodian", "Custodian"
    ADMINISTRATOR = "administrator", "Administrator"


class User(AbstractUser):
    """A person who signs in."""


class Organisation(models.Model):
    """A publisher: one provenance log and one signing chain of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=40, unique=True, validators=[slug])
    name = models.CharField(max_length=120)
    log = models.CharField(max_length=200, unique=True)
    created = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person in an organisation."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    served = models.DateTimeField(
        null=True, blank=True, help_text="When a worker last took a request of this person: fairness."
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "organisation"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organisation}"


class RoleGrant(models.Model):
    """One role held by one member."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["membership", "role"], name="one_grant_each"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.role}"


class SubjectKey(models.Model):
    """The wrapped key (studio.vault) under which one member's words and unseen pictures are sealed."""

    membership = models.OneToOneField(Membership, on_delete=models.PROTECT, related_name="subject_key")
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return f"key of {self.membership}"
