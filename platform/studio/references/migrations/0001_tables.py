"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("references", "0001_initial")]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Protected",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("logo", "A logo or another sign of a brand"),
                            ("portrait", "A portrait of a person"),
                            ("work", "A work that exists already"),
                        ],
                        max_length=12,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("why", models.CharField(max_length=500)),
                ("owner", models.CharField(help_text="Who protects it, and is asked about it.", max_length=120)),
                ("expires", models.DateField(help_text="It holds to the end of this day.", null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "Being read"),
                            ("IN_FORCE", "In force"),
                            ("REFUSED", "Could not be used"),
                            ("REMOVED", "Taken out"),
                        ],
                        default="WAITING",
                        max_length=12,
                    ),
                ),
                ("fault", models.TextField(blank=True)),
                (
                    "reference",
                    models.JSONField(
                        default=dict, help_text="Hashes and features, as the moderation library keeps them."
                    ),
                ),
                ("salt", models.CharField(blank=True, max_length=64)),
                ("commitment", models.CharField(blank=True, max_length=64)),
                ("added", models.DateTimeField()),
                ("removed", models.DateTimeField(null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.membership"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protected",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-added"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "IN_FORCE"), _negated=True),
                            models.Q(
                                models.Q(("reference", {}), _negated=True), ("commitment__regex", "^[0-9a-f]{64}$")
                            ),
                            _connector="OR",
                        ),
                        name="protected_in_force_is_read",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "REMOVED"), _negated=True),
                            models.Q(("reference", {}), ("removed__isnull", False), ("salt", "")),
                            _connector="OR",
                        ),
                        name="protected_removed_is_emptied",
                    ),
                ],
            },
        ),
    ]
