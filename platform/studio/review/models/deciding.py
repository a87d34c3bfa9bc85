"""What people decide about held requests and about pictures, and what makers ask of them.

A decision is a member's or, by an invitation, that of somebody outside; the database refuses any other.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Organisation, Role
from studio.jobs.models import Job, Picture
from studio.review.models.planning import Stage
from studio.review.reasons import REASONS

OUTSIDE_APPROVER = "outside approver"


class HoldRuling(models.Model):
    """A reviewer's answer to a held request, or to a picture held back.

    Let it through, or refuse it, with the reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="rulings")
    picture = models.OneToOneField(Picture, on_delete=models.PROTECT, null=True, related_name="ruling")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    let_through = models.BooleanField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["reviewer", "-at", "-id"], name="ruling_by_reviewer")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job"], condition=Q(picture=None), name="request_ruled_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="ruling_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{'let through' if self.let_through else 'refused'} {self.picture_id or self.job_id}"


class ReviewRequest(models.Model):
    """A maker asks for approval.

    What for, where it will be seen, and how it is described to those who cannot see it. `stage` is where its review
    stands, of the plan that held when it was submitted; `ended` says since when it waits for nobody any more.
    `organisation` is the picture's, and `turn` its place among those due on one day (`turn_of`): written once, by these
    the inbox is found in its order.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="review_requests")
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    purpose = models.TextField()
    channel = models.CharField(max_length=60)
    alt_text = models.TextField()
    checklist = models.JSONField(default=dict)
    due = models.DateField(null=True, blank=True)
    turn = models.CharField(max_length=64, editable=False)
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    flagged = models.BooleanField(default=False, help_text="To be looked at by itself (review.flags).")
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organisation", "due", "turn"], condition=Q(ended=None), name="review_waiting"),
            models.Index(fields=["organisation", "-at", "-id"], name="review_newest"),
        ]

    def __str__(self) -> str:
        return f"request for {self.picture_id}"


def turn_of(picture: Picture) -> str:
    """Where a picture comes among those due on one day, as text to sort by: the pictures of one request side by side in
    their order, the earliest request first."""
    return f"{picture.job.submitted:%Y%m%d%H%M%S%f}{picture.job_id.hex}{picture.index:04}"


class Outsider(models.Model):
    """Somebody outside an organisation who was asked for a decision. The ledger knows them by `pseudonym` alone."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="outsiders")
    email = models.EmailField()
    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "email"], name="outsider_once")]

    def __str__(self) -> str:
        return self.email


class Invitation(models.Model):
    """An outsider is asked about one picture at one stage, by a link that works once and for a time.

    `digest` is the SHA-256 of the link's token, which nothing brings back. `name` is what they called themselves when
    they decided.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(ReviewRequest, on_delete=models.PROTECT, related_name="invitations")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    outsider = models.ForeignKey(Outsider, on_delete=models.PROTECT, related_name="invitations")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["request", "stage", "outsider"], condition=Q(revoked=None), name="invited_once"
            ),
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="invitation_digest_whole"),
            models.CheckConstraint(condition=Q(used=None) | ~Q(name=""), name="outsider_gave_a_name"),
        ]

    def __str__(self) -> str:
        return f"invitation of {self.outsider}"


class ReviewDecision(models.Model):
    """A decision at one stage, bound to the very bytes, pixels, policy and recipe that were looked at.

    A `final` one moved the picture on: the approval that filled the last stage's quorum, or any refusal. `reason` is in
    the reviewer's own words; what they chose of the list stands beside it, and `told` says both.
    """

    class Outcome(models.TextChoices):
        """What may be decided."""

        APPROVED = "APPROVED", _("Approve")
        REJECTED = "REJECTED", _("Reject")
        CHANGES_REQUESTED = "CHANGES_REQUESTED", _("Request changes")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    picture = models.ForeignKey(Picture, on_delete=models.PROTECT, related_name="decisions")
    request = models.ForeignKey(ReviewRequest, on_delete=models.PROTECT, related_name="decisions")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="decisions")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    invitation = models.OneToOneField(Invitation, on_delete=models.PROTECT, null=True, related_name="decision")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    final = models.BooleanField(default=True)
    reasons = models.JSONField(default=list, help_text="What was chosen of the list of reasons, by its codes.")
    reason = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64)
    pixel_sha256 = models.CharField(max_length=64)
    policy_digest = models.CharField(max_length=64)
    recipe_digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["reviewer", "-at", "-id"], name="decision_by_reviewer")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome="APPROVED") | ~Q(reason="") | ~Q(reasons=[]), name="refusal_has_a_reason"
            ),
            models.CheckConstraint(condition=Q(outcome="APPROVED") | Q(final=True), name="refusal_ends_a_review"),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=False, invitation=None) | Q(reviewer=None, invitation__isnull=False),
                name="decided_by_one",
            ),
            models.UniqueConstraint(
                fields=["picture"], condition=Q(outcome="APPROVED", final=True), name="approved_once"
            ),
            models.UniqueConstraint(fields=["request"], condition=Q(final=True), name="review_ended_once"),
            models.UniqueConstraint(fields=["request", "reviewer"], name="nobody_counts_twice"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.picture_id}"

    @property
    def by(self) -> str:
        """Who decided, for members to read."""
        if self.invitation is None:
            return str(self.reviewer)
        return f"{self.invitation.name} ({self.invitation.outsider.email})"

    @property
    def told(self) -> str:
        """Why, in the reader's language as far as it was chosen from the list."""
        return " ".join(filter(None, [*(str(REASONS.get(code, code)) for code in self.reasons), self.reason]))

    @property
    def role(self) -> str:
        """As what they decided, in the words of manifests and the ledger."""
        return OUTSIDE_APPROVER if self.invitation_id else Role.REVIEWER.value
