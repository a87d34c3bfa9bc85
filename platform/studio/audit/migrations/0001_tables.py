"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("audit", "0001_register_and_reports"),
        ("audit", "0002_what_used_a_model"),
        ("audit", "0003_reports_in_parts"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("fault", models.TextField(blank=True, help_text="Why it came to nothing, for whoever asked.")),
                ("finished", models.DateTimeField(null=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("asked", models.DateTimeField()),
                ("pictures", models.PositiveIntegerField(default=0, help_text="Pictures that there were to look at.")),
                ("looked", models.PositiveIntegerField(default=0)),
                ("reached", models.UUIDField(help_text="The last picture that was looked at.", null=True)),
                ("entries", models.BigIntegerField(help_text="Entries of the log that were verified.", null=True)),
                ("found", models.PositiveIntegerField(default=0)),
                (
                    "problems",
                    models.JSONField(default=list, help_text="The first of them: invariant, subject, reason."),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inspections",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked"],
                "indexes": [models.Index(fields=["organisation", "-asked"], name="inspection_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished", None)),
                        fields=("organisation",),
                        name="one_inspection_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Recorded",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField()),
                ("entry", models.CharField(max_length=36, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("at", models.CharField(help_text="RFC 3339 in UTC, to the microsecond.", max_length=40)),
                ("record", models.CharField(blank=True, max_length=80)),
                ("asset", models.CharField(blank=True, max_length=64)),
                ("leaf", models.CharField(max_length=64)),
                ("picture", models.UUIDField(null=True)),
                ("project", models.CharField(blank=True, max_length=36)),
                ("campaign", models.CharField(blank=True, max_length=36)),
                ("model", models.CharField(blank=True, max_length=64)),
                ("policy", models.CharField(blank=True, max_length=64)),
                ("maker", models.CharField(blank=True, max_length=36)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recorded",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-sequence"],
                "indexes": [
                    models.Index(fields=["organisation", "kind", "sequence"], name="recorded_kind"),
                    models.Index(fields=["organisation", "picture", "sequence"], name="recorded_picture"),
                    models.Index(fields=["organisation", "project", "sequence"], name="recorded_project"),
                    models.Index(fields=["organisation", "campaign", "sequence"], name="recorded_campaign"),
                    models.Index(fields=["organisation", "model", "sequence"], name="recorded_model"),
                    models.Index(fields=["organisation", "policy", "sequence"], name="recorded_policy"),
                    models.Index(fields=["organisation", "maker", "sequence"], name="recorded_maker"),
                    models.Index(fields=["organisation", "outcome", "sequence"], name="recorded_outcome"),
                    models.Index(fields=["organisation", "at", "sequence"], name="recorded_at"),
                    models.Index(fields=["organisation", "asset", "sequence"], name="recorded_asset"),
                    models.Index(fields=["organisation", "model", "kind", "campaign", "at"], name="recorded_uses"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "sequence"), name="recorded_place_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("fault", models.TextField(blank=True, help_text="Why it came to nothing, for whoever asked.")),
                ("finished", models.DateTimeField(null=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("asked", models.DateTimeField()),
                (
                    "form",
                    models.CharField(
                        choices=[
                            ("csv", "Table (CSV)"),
                            ("jsonl", "Ledger entries (JSON Lines)"),
                            ("pdf", "Signed document (PDF)"),
                            ("pack", "Offline pack (ZIP)"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("public", "Public: released pictures, nothing about people or projects"),
                            ("partner", "Partner: everything selected, people by their role only"),
                            ("full", "Full: with names and reasons, for those who may know them"),
                        ],
                        max_length=8,
                    ),
                ),
                ("scope", models.JSONField(default=dict)),
                ("until", models.BigIntegerField(help_text="The last entry there was when it was asked for.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("WRITING", "Being written"),
                            ("SIGNING", "Being signed"),
                            ("DONE", "Ready"),
                            ("FAILED", "Failed"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="WAITING",
                        max_length=12,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("written", models.PositiveIntegerField(default=0)),
                ("reached", models.BigIntegerField(default=-1)),
                ("parts", models.PositiveIntegerField(default=0)),
                ("sha256", models.CharField(blank=True, db_index=True, max_length=64)),
                ("size", models.BigIntegerField(default=0)),
                ("expires", models.DateTimeField(null=True)),
                ("gone", models.BooleanField(default=False, help_text="Its file was removed when its time was over.")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["-asked"],
                "indexes": [models.Index(fields=["organisation", "-asked"], name="report_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["WAITING", "WRITING", "SIGNING", "DONE", "FAILED", "CANCELLED"])
                        ),
                        name="report_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "DONE"), _negated=True),
                            ("sha256__regex", "^[0-9a-f]{64}$"),
                            _connector="OR",
                        ),
                        name="report_done_has_a_file",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("scope", models.JSONField(default=dict)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.organisation"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "owner", "name"), name="filter_name_once")
                ],
            },
        ),
    ]
