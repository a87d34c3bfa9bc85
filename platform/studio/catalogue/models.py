"""Diffusion models that may be used here: which weights exactly, under which licence, approved by whom."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from studio.accounts.models import Organisation


class Model(models.Model):
    """A model folder locked by the digest of its weights, for one organisation.

    A new one is unapproved until a custodian approves it.
    """

    class State(models.TextChoices):
        """Whether the model may be asked for pictures."""

        UNAPPROVED = "unapproved", "Waiting for approval"
        APPROVED = "approved", "Approved"
        WITHDRAWN = "withdrawn", "Withdrawn"

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
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNAPPROVED)
    registered = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

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
