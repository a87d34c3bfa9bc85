"""A recall: everything released that a model, a policy or a signing key had a part in is withdrawn."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Organisation


class Recall(models.Model):
    """The wish to withdraw, and the queue's row of the work. `target` is a digest; `title` what people call it.

    It also stands against later releases: nothing of the same origin is released once it was asked for. `total` is how
    many released pictures it was about when it began; how many are withdrawn is told by its withdrawals.
    """

    class Kind(models.TextChoices):
        """What the pictures have in common."""

        MODEL = "model", _("Model")
        POLICY = "policy", _("Policy version")
        KEY = "key", _("Signing key")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="recalls")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    target = models.CharField(max_length=64)
    title = models.CharField(max_length=160)
    public_reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-asked"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "kind", "target"], name="recalled_once"),
            models.CheckConstraint(condition=~Q(public_reason=""), name="recall_has_a_reason"),
            models.CheckConstraint(condition=Q(target__regex=r"^[0-9a-f]{64}$"), name="recall_target_whole"),
        ]

    def __str__(self) -> str:
        return f"recall of {self.kind} {self.title}"

    @property
    def done(self) -> int:
        """How many pictures it has withdrawn so far."""
        return self.withdrawals.count()
