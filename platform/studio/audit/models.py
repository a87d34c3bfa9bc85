"""What auditors keep: a searchable copy of the ledger, their filters, their checks and their reports.

- `Recorded` is derived: one row for each entry of a log, added in the log's order and never changed (`registering`).
  Dropped and read again it comes out the same; whoever doubts it reads the ledger.
- `Inspection` and `Report` are rows of their own queue: a worker holds one by a lease, and goes on where another one
  stopped.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Membership, Organisation, Role, RoleGrant, User


class Recorded(models.Model):
    """One entry of an organisation's log, by what it can be found by; all of it stands in the entry or its cause.

    Ids and times are text, as in the entry: they are copied, compared and handed on, never computed with. `model` and
    `policy` are digests, `maker` the pseudonym of who asked for the pictures, `asset` the SHA-256 of the entry's file,
    `outcome` what was decided. `picture` alone is a key, of the row that the record names.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="recorded", db_index=False)
    sequence = models.BigIntegerField()
    entry = models.CharField(max_length=36, unique=True)
    kind = models.CharField(max_length=20)
    at = models.CharField(max_length=40, help_text="RFC 3339 in UTC, to the microsecond.")
    record = models.CharField(max_length=80, blank=True)
    asset = models.CharField(max_length=64, blank=True)
    leaf = models.CharField(max_length=64)
    picture = models.UUIDField(null=True)
    project = models.CharField(max_length=36, blank=True)
    campaign = models.CharField(max_length=36, blank=True)
    model = models.CharField(max_length=64, blank=True)
    policy = models.CharField(max_length=64, blank=True)
    maker = models.CharField(max_length=36, blank=True)
    outcome = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering: ClassVar = ["-sequence"]
        indexes: ClassVar = [
            models.Index(fields=["organisation", name, "sequence"], name=f"recorded_{name}")
            for name in ("kind", "picture", "project", "campaign", "model", "policy", "maker", "outcome", "at", "asset")
        ] + [
            # What used a model, and from when till when, is counted in this one alone.
            models.Index(fields=["organisation", "model", "kind", "campaign", "at"], name="recorded_uses")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "sequence"], name="recorded_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sequence}"

    @property
    def moment(self) -> datetime:
        """When it was recorded."""
        return datetime.fromisoformat(self.at)


class SavedFilter(models.Model):
    """A selection of the register that one auditor comes back to."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    scope = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "owner", "name"], name="filter_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Leased(models.Model):
    """A row that a worker takes a slice of at a time; whoever finds its lease run out goes on."""

    token = models.UUIDField(null=True)
    lease = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    fault = models.TextField(blank=True, help_text="Why it came to nothing, for whoever asked.")
    finished = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Inspection(Leased):
    """One check of whether rows, ledger and files agree: what was looked at, and what disagreed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="inspections")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    asked = models.DateTimeField()
    pictures = models.PositiveIntegerField(default=0, help_text="Pictures that there were to look at.")
    looked = models.PositiveIntegerField(default=0)
    reached = models.UUIDField(null=True, help_text="The last picture that was looked at.")
    entries = models.BigIntegerField(null=True, help_text="Entries of the log that were verified.")
    found = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="The first of them: invariant, subject, reason.")

    class Meta:
        ordering: ClassVar = ["-asked"]
        indexes: ClassVar = [models.Index(fields=["organisation", "-asked"], name="inspection_newest")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(finished=None), name="one_inspection_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"inspection of {self.organisation}"


class ReportQuerySet(models.QuerySet["Report"]):
    """Reports, seen from a person's chair."""

    def for_actor(self, user: User) -> "ReportQuerySet":
        """Those of the organisations in which `user` is an auditor."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        audits = RoleGrant.objects.filter(membership__user=user, role=Role.AUDITOR)
        return self.filter(organisation__in=audits.values("membership__organisation"))


class Report(Leased):
    """A selection of the register as a file for somebody else, with the entry that says it was taken out.

    `reached` and `parts` are where a worker that takes over goes on: the last entry written, and how many parts of the
    file hold what is written up to there. The file lies in the store under `sha256` until `expires`.
    """

    class Form(models.TextChoices):
        """What kind of file."""

        CSV = "csv", _("Table (CSV)")
        JSONL = "jsonl", _("Ledger entries (JSON Lines)")
        PDF = "pdf", _("Signed document (PDF)")
        PACK = "pack", _("Offline pack (ZIP)")

    class Level(models.TextChoices):
        """How much of the inside it shows."""

        PUBLIC = "public", _("Public: released pictures, nothing about people or projects")
        PARTNER = "partner", _("Partner: everything selected, people by their role only")
        FULL = "full", _("Full: with names and reasons, for those who may know them")

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "WAITING", _("Waiting")
        WRITING = "WRITING", _("Being written")
        SIGNING = "SIGNING", _("Being signed")
        DONE = "DONE", _("Ready")
        FAILED = "FAILED", _("Failed")
        CANCELLED = "CANCELLED", _("Cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="reports")
    asked_by = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    asked = models.DateTimeField()
    form = models.CharField(max_length=8, choices=Form.choices)
    level = models.CharField(max_length=8, choices=Level.choices)
    scope = models.JSONField(default=dict)
    until = models.BigIntegerField(help_text="The last entry there was when it was asked for.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    reached = models.BigIntegerField(default=-1)
    parts = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    size = models.BigIntegerField(default=0)
    expires = models.DateTimeField(null=True)
    gone = models.BooleanField(default=False, help_text="Its file was removed when its time was over.")

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-asked"]
        indexes: ClassVar = [models.Index(fields=["organisation", "-asked"], name="report_newest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "WRITING", "SIGNING", "DONE", "FAILED", "CANCELLED"]),
                name="report_state_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="DONE") | Q(sha256__regex=r"^[0-9a-f]{64}$"), name="report_done_has_a_file"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.form} of {self.organisation}"

    @property
    def moving(self) -> bool:
        """Whether it is still on its way."""
        return self.state in {self.State.WAITING, self.State.WRITING, self.State.SIGNING}
