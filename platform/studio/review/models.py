"""What people decide: about held requests, about pictures; and the releases and withdrawals that follow."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.jobs.models import Job, Picture


class HoldRuling(models.Model):
    """A reviewer's answer to a held request, or to a picture held back.

    Let it through, or refuse it, with the reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="rulings")
    picture = models.OneToOneField(Picture, on_delete=models.PROTECT, null=True, related_name="ruling")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    let_through = models.BooleanField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job"], condition=Q(picture=None), name="request_ruled_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="ruling_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{'let through' if self.let_through else 'refused'} {self.picture_id or self.job_id}"


class ReviewRequest(models.Model):
    """A maker asks for approval.

    What for, where it will be seen, and how it is described to those who cannot see it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="review_requests")
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField()
    channel = models.CharField(max_length=60)
    alt_text = models.TextField()
    checklist = models.JSONField(default=dict)
    due = models.DateField(null=True, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"request for {self.picture_id}"


class ReviewDecision(models.Model):
    """A reviewer's decision, bound to the very bytes, pixels, policy and recipe that were looked at."""

    class Outcome(models.TextChoices):
        """What a reviewer may decide."""

        APPROVED = "APPROVED", "Approve"
        REJECTED = "REJECTED", "Reject"
        CHANGES_REQUESTED = "CHANGES_REQUESTED", "Request changes"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="decisions")
    request = models.OneToOneField(ReviewRequest, on_delete=models.PROTECT, related_name="decision")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    reason = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    pixel_sha256 = models.CharField(max_length=64)
    policy_digest = models.CharField(max_length=64)
    recipe_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(outcome="APPROVED") | ~Q(reason=""), name="refusal_has_a_reason"),
            models.UniqueConstraint(fields=["picture"], condition=Q(outcome="APPROVED"), name="approved_once"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.picture_id}"


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
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"withdrawal of {self.picture_id}"
