"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("projects", "0001_initial"),
        ("projects", "0002_label_language"),
        ("projects", "0003_policies_of_organisations"),
        ("projects", "0004_policies_belong"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "slug",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]+(-[a-z0-9]+)*$",
                                "Use small letters, digits and single hyphens, like “water-aid”.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120)),
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
                ("label_language", models.CharField(default="en", max_length=8)),
                ("training_mining", models.CharField(default="notAllowed", max_length=12)),
                ("publish_prompts", models.BooleanField(default=False)),
                (
                    "budget",
                    models.PositiveIntegerField(default=1000, help_text="Pictures that may be made in this project."),
                ),
                ("created", models.DateTimeField()),
                (
                    "served",
                    models.DateTimeField(
                        blank=True, help_text="When a worker last took a request of this project: fairness.", null=True
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="projects", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organisation", "slug"), name="project_slug_once")],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("own", models.JSONField()),
                ("document", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
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
                (
                    "examples",
                    models.JSONField(blank=True, default=list, help_text="Prompts it was tested by before publishing."),
                ),
                (
                    "exception",
                    models.TextField(blank=True, help_text="Why it was published although an example failed."),
                ),
                ("published", models.DateTimeField()),
                (
                    "approver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="policies", to="accounts.organisation"
                    ),
                ),
                (
                    "rests_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rested_on_by",
                        to="projects.policyversion",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="policies",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "number"), name="policy_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("project", None)),
                        fields=("organisation", "number"),
                        name="organisation_policy_number_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("author", models.F("approver")), _negated=True), name="policy_two_people"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "slug",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]+(-[a-z0-9]+)*$",
                                "Use small letters, digits and single hyphens, like “water-aid”.",
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("purpose", models.TextField()),
                ("languages", models.JSONField(blank=True, default=list)),
                ("channels", models.JSONField(blank=True, default=list)),
                ("created", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="campaigns", to="projects.project"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "slug"), name="campaign_slug_once")],
            },
        ),
    ]
