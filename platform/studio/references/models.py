"""The reference registry: pictures that an organisation protects, and whose copies among finished pictures it finds.

- No picture is kept: what stays are hashes and features, and a salted commitment to the pixels, which the ledger has
  too. The uploaded file waits sealed until the worker has read it.
- A reference that is taken out, or runs out, keeps its row; taking it out empties hashes, features and salt, and what
  the ledger holds then means nothing to anybody.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Membership, Organisation


class ProtectedQuerySet(models.QuerySet["Protected"]):
    """Protected pictures."""

    def in_force(self, organisation: Organisation, *, at: datetime) -> "ProtectedQuerySet":
        """Those of an organisation that pictures are compared with at a moment."""
        mine = self.filter(organisation=organisation, state=Protected.State.IN_FORCE)
        return mine.filter(Q(expires=None) | Q(expires__gte=at.date()))


class Protected(models.Model):
    """One protected picture."""

    class Kind(models.TextChoices):
        """What it is."""

        LOGO = "logo", _("A logo or another sign of a brand")
        PORTRAIT = "portrait", _("A portrait of a person")
        WORK = "work", _("A work that exists already")

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "WAITING", _("Being read")
        IN_FORCE = "IN_FORCE", _("In force")
        REFUSED = "REFUSED", _("Could not be used")
        REMOVED = "REMOVED", _("Taken out")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="protected")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=120)
    why = models.CharField(max_length=500)
    owner = models.CharField(max_length=120, help_text="Who protects it, and is asked about it.")
    expires = models.DateField(null=True, help_text="It holds to the end of this day.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    fault = models.TextField(blank=True)
    reference = models.JSONField(default=dict, help_text="Hashes and features, as the moderation library keeps them.")
    salt = models.CharField(max_length=64, blank=True)
    commitment = models.CharField(max_length=64, blank=True)
    added_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    added = models.DateTimeField()
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    removed = models.DateTimeField(null=True)

    objects = ProtectedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-added"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="IN_FORCE") | ~Q(reference={}) & Q(commitment__regex=r"^[0-9a-f]{64}$"),
                name="protected_in_force_is_read",
            ),
            models.CheckConstraint(
                condition=~Q(state="REMOVED") | Q(reference={}, salt="", removed__isnull=False),
                name="protected_removed_is_emptied",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def sealed_for(self) -> str:
        """What its file, waiting to be read, is sealed for."""
        return f"protected {self.pk}"

    @property
    def stamp(self) -> str:
        """The name of its state's stamp."""
        return f"protected {self.state.lower()}"
