"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("catalogue", "0001_initial"), ("catalogue", "0002_lineage_and_lessons"), ("catalogue", "0003_uses")]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Model",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slug", models.CharField(max_length=80)),
                ("title", models.CharField(max_length=120)),
                ("folder", models.CharField(max_length=500)),
                ("family", models.CharField(max_length=40)),
                ("revision", models.CharField(max_length=80)),
                ("licence", models.CharField(max_length=80)),
                ("digest", models.CharField(max_length=64)),
                ("data_manifest_sha256", models.CharField(blank=True, max_length=64)),
                ("weights", models.JSONField(default=dict)),
                ("defaults", models.JSONField(default=dict)),
                ("languages", models.JSONField(default=list)),
                ("parent_title", models.CharField(blank=True, max_length=120)),
                ("parent_digest", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unapproved", "Waiting for approval"),
                            ("approved", "Approved"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="unapproved",
                        max_length=12,
                    ),
                ),
                ("registered", models.DateTimeField()),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("line", models.ManyToManyField(related_name="heirs", to="catalogue.model")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="models", to="accounts.organisation"
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="catalogue.model",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "slug"), name="model_slug_once"),
                    models.CheckConstraint(
                        condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")), name="model_digest_whole"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "approved"), _negated=True),
                            ("approved_by__isnull", False),
                            _connector="OR",
                        ),
                        name="approved_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Material",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField(help_text="Its place in the lineage.")),
                ("name", models.CharField(help_text="A file, or a package.", max_length=255)),
                ("version", models.CharField(blank=True, help_text="Of a package; a picture has none.", max_length=80)),
                (
                    "sha256",
                    models.CharField(
                        blank=True, db_index=True, help_text="Of a picture; a package has none.", max_length=64
                    ),
                ),
                ("licence", models.CharField(max_length=200)),
                ("source", models.TextField(blank=True)),
                ("consent", models.TextField(blank=True)),
                ("caption", models.TextField(blank=True)),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="materials", to="catalogue.model"
                    ),
                ),
            ],
            options={
                "ordering": ["place"],
                "constraints": [
                    models.UniqueConstraint(fields=("model", "place"), name="material_place_once"),
                    models.CheckConstraint(
                        condition=models.Q(("licence", ""), _negated=True), name="material_is_licensed"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Lesson",
            fields=[
                ("attempt", models.PositiveIntegerField(default=0)),
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("TRAINING", "Being taught"),
                            ("DONE", "Done"),
                            ("FAILED", "Failed"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="WAITING",
                        max_length=12,
                    ),
                ),
                ("concept", models.CharField(max_length=40)),
                ("words", models.JSONField(default=list, help_text="What the concept is called: LANGUAGE:WORD.")),
                ("pictures", models.JSONField()),
                ("steps", models.PositiveIntegerField()),
                ("step", models.PositiveIntegerField(default=0)),
                ("loss", models.FloatField(null=True)),
                ("left_s", models.FloatField(null=True)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("failure", models.TextField(blank=True)),
                ("asked", models.DateTimeField()),
                ("started", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
                (
                    "custodian",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lessons", to="accounts.membership"
                    ),
                ),
                (
                    "model",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lesson",
                        to="catalogue.model",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lessons", to="catalogue.model"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "WAITING")), fields=["asked"], name="lesson_queue")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["WAITING", "TRAINING", "DONE", "FAILED", "CANCELLED"])),
                        name="lesson_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "TRAINING"), _negated=True),
                            models.Q(("lease__isnull", False), ("token__isnull", False)),
                            _connector="OR",
                        ),
                        name="lesson_training_is_claimed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "DONE"), _negated=True), ("model__isnull", False), _connector="OR"
                        ),
                        name="lesson_done_has_a_model",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "outcome",
                    models.CharField(choices=[("approved", "Approved"), ("withdrawn", "Withdrawn")], max_length=12),
                ),
                (
                    "words",
                    models.TextField(help_text="The purposes that are permitted, or the reason of the withdrawal."),
                ),
                (
                    "uses",
                    models.JSONField(
                        help_text="The uses that are permitted (licences.Use); None: as licensed.", null=True
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "custodian",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="catalogue.model"
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="model_decision_has_words"
                    ),
                    models.UniqueConstraint(fields=("model", "outcome"), name="model_decided_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProjectUse",
            fields=[
                ("project", models.UUIDField(primary_key=True, serialize=False)),
                ("uses", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "declared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
