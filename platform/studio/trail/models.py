"""The trail: what was done, by whom, and what the provenance ledger is owed for it.

- `AuditRow` is Django's own log of every action, written in the action's transaction.
- `LedgerIntent` is the exactly-once bridge to the ledger, which shares no transaction with this database: the
  canonical entry is committed here with the change it witnesses, then appended idempotently; the receipt comes back
  to the same row.
- `Alarm` is what does not go on at present, until it does.
- `Hold` keeps a project or a picture from being erased, while a court or an inquiry may ask for it.
"""

import uuid
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditRow(models.Model):
    """One action. Rows are only ever added; a person's erasure empties `detail` of theirs, never the fact."""

    at = models.DateTimeField()
    organisation = models.UUIDField(null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["object_kind", "object_id", "at"]),
            models.Index(fields=["organisation", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.verb} {self.object_kind} {self.object_id}"


class LedgerIntent(models.Model):
    """An entry owed to the ledger: its exact bytes, and, once appended, where it stands there."""

    entry = models.UUIDField(primary_key=True, default=uuid.uuid4)
    log = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    row = models.CharField(max_length=64)
    record = models.CharField(max_length=64, blank=True, db_index=True)
    canonical = models.BinaryField()
    asset_sha256 = models.CharField(max_length=64, blank=True)
    created = models.DateTimeField()
    sequence = models.BigIntegerField(null=True)
    leaf = models.CharField(max_length=64, blank=True)
    appended = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["row"]),
            models.Index(fields=["created"], condition=models.Q(sequence=None), name="intent_pending"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["log", "sequence"], name="one_entry_per_place"),
            models.CheckConstraint(
                condition=models.Q(sequence=None, leaf="", appended=None)
                | models.Q(sequence__gte=0, leaf__regex=r"^[0-9a-f]{64}$", appended__isnull=False),
                name="receipt_whole_or_absent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry} ({'pending' if self.sequence is None else self.sequence})"


class AlarmKind(models.TextChoices):
    """What does not go on, in the words of the page that shows it."""

    CHECK = "check", _("Pictures wait to be checked")
    SIGN = "sign", _("Pictures wait for their signature")
    RECORD = "record", _("Pictures wait for the ledger")
    RELEASE = "release", _("Releases wait")
    KEYS = "keys", _("The signing keys cannot be used")
    CHECKPOINT = "checkpoint", _("The log gets no signed checkpoint")
    STAMP = "stamp", _("The log's checkpoints get no time-stamp")
    COPY = "copy", _("The second place for checkpoints cannot be written")
    OWED = "owed", _("The ledger is owed entries")
    CONFLICT = "conflict", _("The ledger holds something else than was decided")


class Alarm(models.Model):
    """Something that fails again and again for an organisation, since when, and the last cause."""

    kind = models.CharField(max_length=20, choices=AlarmKind.choices)
    organisation = models.UUIDField()
    cause = models.TextField()
    since = models.DateTimeField()
    last = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "organisation"], name="one_alarm_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.cause}"


class Hold(models.Model):
    """A legal hold on everything of a project, or on one picture. It is lifted, never removed."""

    class Kind(models.TextChoices):
        """What is held."""

        PROJECT = "project", _("Project")
        PICTURE = "picture", _("Picture")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    subject = models.UUIDField()
    reason = models.TextField()
    placed = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lifted = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-placed"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=models.Q(lifted=None), name="one_hold_at_a_time"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="hold_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"hold on {self.kind} {self.subject}"


def held(kind: Hold.Kind) -> models.QuerySet[Hold, UUID]:
    """The ids of what is held at present, for a query of what may go."""
    return Hold.objects.filter(kind=kind, lifted=None).values_list("subject", flat=True)
