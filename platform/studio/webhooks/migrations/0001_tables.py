"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("webhooks", "0001_initial")]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("address", models.CharField(max_length=500)),
                ("events", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ACTIVE", "Active"),
                            ("PAUSED", "Paused"),
                            ("SILENT", "Stopped answering"),
                            ("REMOVED", "Removed"),
                        ],
                        default="ACTIVE",
                        max_length=12,
                    ),
                ),
                ("key", models.BinaryField(help_text="Wrapped.")),
                ("secret", models.BinaryField(help_text="Sealed under the key.")),
                ("added", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="endpoints",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-added"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["ACTIVE", "PAUSED", "SILENT", "REMOVED"])),
                        name="endpoint_state_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("attempt", models.PositiveIntegerField(default=0)),
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("event", models.CharField(max_length=40)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("WAITING", "Waiting"), ("DELIVERED", "Delivered"), ("FAILED", "Given up")],
                        default="WAITING",
                        max_length=12,
                    ),
                ),
                ("created", models.DateTimeField()),
                ("tried", models.DateTimeField(null=True)),
                (
                    "status",
                    models.PositiveSmallIntegerField(help_text="Of the last answer; none where none came.", null=True),
                ),
                ("answer", models.TextField(blank=True, help_text="How the last attempt went.")),
                ("took_ms", models.PositiveIntegerField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="webhooks.endpoint"
                    ),
                ),
            ],
            options={
                "ordering": ["-created"],
                "indexes": [
                    models.Index(fields=["endpoint", "-created"], name="delivery_newest"),
                    models.Index(condition=models.Q(("state", "WAITING")), fields=["created"], name="delivery_waiting"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "DELIVERED", "FAILED"])),
                        name="delivery_state_known",
                    )
                ],
            },
        ),
    ]
