"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("trail", "0001_initial"),
        ("trail", "0002_alarm"),
        ("trail", "0003_alarm_about_copies"),
        ("trail", "0004_hold"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("check", "Pictures wait to be checked"),
                            ("sign", "Pictures wait for their signature"),
                            ("record", "Pictures wait for the ledger"),
                            ("release", "Releases wait"),
                            ("keys", "The signing keys cannot be used"),
                            ("checkpoint", "The log gets no signed checkpoint"),
                            ("stamp", "The log's checkpoints get no time-stamp"),
                            ("copy", "The second place for checkpoints cannot be written"),
                        ],
                        max_length=20,
                    ),
                ),
                ("organisation", models.UUIDField()),
                ("cause", models.TextField()),
                ("since", models.DateTimeField()),
                ("last", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "organisation"), name="one_alarm_of_a_kind")],
            },
        ),
        migrations.CreateModel(
            name="LedgerIntent",
            fields=[
                ("entry", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("log", models.CharField(max_length=200)),
                ("kind", models.CharField(max_length=20)),
                ("row", models.CharField(max_length=64)),
                ("record", models.CharField(blank=True, db_index=True, max_length=64)),
                ("canonical", models.BinaryField()),
                ("asset_sha256", models.CharField(blank=True, max_length=64)),
                ("created", models.DateTimeField()),
                ("sequence", models.BigIntegerField(null=True)),
                ("leaf", models.CharField(blank=True, max_length=64)),
                ("appended", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["row"], name="trail_ledge_row_314810_idx"),
                    models.Index(condition=models.Q(("sequence", None)), fields=["created"], name="intent_pending"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("log", "sequence"), name="one_entry_per_place"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("appended", None), ("leaf", ""), ("sequence", None)),
                            models.Q(
                                ("appended__isnull", False), ("leaf__regex", "^[0-9a-f]{64}$"), ("sequence__gte", 0)
                            ),
                            _connector="OR",
                        ),
                        name="receipt_whole_or_absent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("organisation", models.UUIDField(null=True)),
                ("verb", models.CharField(max_length=60)),
                ("object_kind", models.CharField(max_length=40)),
                ("object_id", models.CharField(max_length=64)),
                ("detail", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["object_kind", "object_id", "at"], name="trail_audit_object__8bb7d0_idx"),
                    models.Index(fields=["organisation", "at"], name="trail_audit_organis_72b6bc_idx"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("organisation", models.UUIDField(db_index=True)),
                ("kind", models.CharField(choices=[("project", "Project"), ("picture", "Picture")], max_length=10)),
                ("subject", models.UUIDField()),
                ("reason", models.TextField()),
                ("placed", models.DateTimeField()),
                ("lifted", models.DateTimeField(null=True)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "placed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-placed"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted", None)), fields=("kind", "subject"), name="one_hold_at_a_time"
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="hold_has_a_reason"),
                ],
            },
        ),
    ]
