"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("policies", "0001_initial"), ("policies", "0002_proposals")]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
        ("jobs", "0001_tables"),
        ("projects", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "Being written"),
                            ("PROPOSED", "Waiting for approval"),
                            ("PUBLISHED", "Published"),
                            ("DISCARDED", "Put aside"),
                        ],
                        default="OPEN",
                        max_length=12,
                    ),
                ),
                ("own", models.JSONField()),
                (
                    "label",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("icon", "Icon: two letters"),
                            ("text", "Text: “AI-generated”"),
                            ("simulation", "SIMULATION band"),
                        ],
                        default="text",
                        max_length=12,
                    ),
                ),
                ("may_relax", models.JSONField(blank=True, default=list)),
                ("examples", models.JSONField(blank=True, default=list)),
                ("returned", models.TextField(blank=True, help_text="What the approver asked to have changed.")),
                ("shadow_since", models.DateTimeField(blank=True, null=True)),
                ("started", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                (
                    "appeal",
                    models.OneToOneField(
                        blank=True,
                        help_text="The granted appeal that a reviewer proposed it from.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="proposal",
                        to="jobs.job",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="policy_drafts",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="policy_drafts",
                        to="projects.project",
                    ),
                ),
                (
                    "version",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="projects.policyversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "PUBLISHED"), ("version__isnull", False)),
                            models.Q(models.Q(("state", "PUBLISHED"), _negated=True), ("version", None)),
                            _connector="OR",
                        ),
                        name="published_draft_has_a_version",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("shadow_since", None), ("state__in", ["OPEN", "PROPOSED"]), _connector="OR"
                        ),
                        name="only_drafts_run_in_shadow",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("asked", models.DateTimeField()),
                ("wanted", models.JSONField(default=list, help_text="The requests it goes over, newest first.")),
                ("done", models.PositiveIntegerField(default=0)),
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                ("report", models.JSONField(default=dict)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rehearsals",
                        to="policies.policydraft",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked"],
            },
        ),
        migrations.CreateModel(
            name="ShadowDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(help_text="Of the draft as it would have come into force.", max_length=64)),
                ("action", models.CharField(max_length=12)),
                ("decision", models.JSONField()),
                ("at", models.DateTimeField()),
                (
                    "draft",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shadows", to="policies.policydraft"
                    ),
                ),
                (
                    "screening",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shadows", to="jobs.screening"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("draft", "digest", "screening"), name="one_shadow_for_each_screening"
                    )
                ],
            },
        ),
    ]
