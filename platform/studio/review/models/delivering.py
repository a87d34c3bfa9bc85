"""What follows a decision: releases, their renditions, and withdrawals."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.jobs.models import Picture
from studio.review.models.deciding import ReviewDecision
from studio.review.models.recalling import Recall


class Release(models.Model):
    """An approved picture's second signed file. Without `sha256` it is asked for and waits for the signing worker."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    picture = models.OneToOneField(Picture, on_delete=models.PROTECT, related_name="release")
    decision = models.OneToOneField(ReviewDecision, on_delete=models.PROTECT, related_name="release")
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    media_type = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField(null=True)
    report = models.JSONField(default=dict, help_text="What the file's own bytes say: profiles and survival.")
    key_id = models.CharField(max_length=64, blank=True, db_index=True, help_text="The key that signed the file.")

    def __str__(self) -> str:
        return f"release of {self.picture_id}"


class Rendition(models.Model):
    """A released picture in another size, crop or format, signed with the released file as its parent.

    Without `sha256` it is asked for and waits for the signing worker; without `at` it waits for the ledger.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="renditions")
    shape = models.CharField(max_length=40)
    title = models.CharField(max_length=80)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    media_type = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    manifest = models.CharField(max_length=80, blank=True)
    report = models.JSONField(default=dict)
    waiting = models.TextField(blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["asked"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["release", "shape"], name="rendition_once"),
            models.CheckConstraint(
                condition=Q(at=None) | Q(sha256__regex=r"^[0-9a-f]{64}$"), name="rendition_shown_has_a_file"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shape} of {self.release_id}"


class Withdrawal(models.Model):
    """A released picture is recalled; the public reason is shown to whoever checks the file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    picture = models.OneToOneField(Picture, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    public_reason = models.TextField()
    recall = models.ForeignKey(Recall, on_delete=models.PROTECT, null=True, blank=True, related_name="withdrawals")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"withdrawal of {self.picture_id}"
