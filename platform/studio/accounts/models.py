"""People, organisations and the roles that join them.

- A person may belong to several organisations and hold several roles in each; a role never crosses organisations.
- Outside Django (ledger, manifests) a person is only their membership's `pseudonym`.
- `SubjectKey` seals what a person typed; deleting it erases that everywhere.
"""

import uuid
from collections.abc import Iterator
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from studio.accounts.colours import is_colour

slug = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Use small letters, digits and single hyphens, like “water-aid”."))


class Role(models.TextChoices):
    """What a member may do. Superusers get none of these by being superusers."""

    CREATOR = "creator", _("Creator")
    REVIEWER = "reviewer", _("Reviewer")
    AUDITOR = "auditor", _("Auditor")
    CUSTODIAN = "custodian", _("Custodian")
    ADMINISTRATOR = "administrator", _("Administrator")


class User(AbstractUser):
    """A person who signs in. `session_epoch` is part of every session's proof: raising it ends them all."""

    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    def get_session_auth_hash(self) -> str:
        """What a session must carry to be this person's."""
        return f"{super().get_session_auth_hash()}.{self.session_epoch}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under earlier values of SECRET_KEY."""
        for earlier in super().get_session_auth_fallback_hash():
            yield f"{earlier}.{self.session_epoch}"


class Organisation(models.Model):
    """A publisher: one provenance log and one signing chain of its own.

    `colour` is what its public pages wear in the place of the seal's vermilion; empty keeps that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=40, unique=True, validators=[slug])
    name = models.CharField(max_length=120)
    log = models.CharField(max_length=200, unique=True)
    created = models.DateTimeField()
    colour = models.CharField(max_length=7, blank=True, default="", validators=[is_colour])

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


class OperatorAct(models.Model):
    """Something that the operator of the installation did from outside of an organisation's roles."""

    class Kind(models.TextChoices):
        """What it was."""

        SIGN_IN = "sign_in", _("The operator signed in")
        ADMINISTRATOR = "administrator", _("The operator named an administrator")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="operator_acts")
    operator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.organisation}"


class Invitation(models.Model):
    """Somebody asked by mail to join, with roles. Its secret is in the mail alone; `digest` is the SHA-256 of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    roles = models.JSONField()
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made = models.DateTimeField()
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(accepted=None, accepted_by=None)
                | models.Q(accepted__isnull=False, accepted_by__isnull=False, withdrawn=None),
                name="invitation_accepted_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organisation}"

    @property
    def role_names(self) -> list[str]:
        """The roles, as people read them."""
        return [str(Role(role).label) for role in self.roles]


class Quota(models.Model):
    """How many pictures an organisation's people may ask for in a day and in a month (UTC); None is without limit.

    A project's budget holds beside it (`projects.Project.budget`).
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="quota")
    day = models.PositiveIntegerField(null=True, blank=True)
    month = models.PositiveIntegerField(null=True, blank=True)
    person_day = models.PositiveIntegerField(null=True, blank=True)
    person_month = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"quota of {self.organisation}"


class Retention(models.Model):
    """How many days an organisation keeps what it no longer needs; None is for good.

    `held` are pictures that a screen held back (None: the installation's QUARANTINE_DAYS), `unreleased` signed pictures
    that nobody released, `words` what people typed for requests that have ended.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="retention")
    held = models.PositiveIntegerField(null=True, blank=True)
    unreleased = models.PositiveIntegerField(null=True, blank=True)
    words = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"retention of {self.organisation}"
