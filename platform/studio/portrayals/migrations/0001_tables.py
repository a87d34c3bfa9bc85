"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("portrayals", "0001_initial"), ("portrayals", "0002_checklist")]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("jobs", "0001_tables"),
        ("projects", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Portrayal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "grid",
                    models.JSONField(default=dict, help_text="Model, roles, languages and pictures of each prompt."),
                ),
                ("asked", models.DateTimeField()),
                ("chosen", models.BooleanField(default=False)),
                ("unnamed", models.PositiveIntegerField(default=0)),
                ("erased", models.PositiveIntegerField(default=0)),
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                ("report", models.JSONField(default=dict)),
                ("fault", models.TextField(blank=True, help_text="Why there is no report, for whoever asked.")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="portrayals",
                        to="projects.campaign",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="portrayals", to="projects.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-asked"],
            },
        ),
        migrations.CreateModel(
            name="Drawn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=60)),
                ("marker", models.CharField(max_length=120)),
                ("language", models.CharField(max_length=8)),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drawn", to="jobs.job"
                    ),
                ),
                (
                    "portrayal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drawn", to="portrayals.portrayal"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Sitting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=60)),
                ("marker", models.CharField(max_length=120)),
                ("language", models.CharField(max_length=8)),
                ("measured", models.BooleanField(default=False)),
                (
                    "features",
                    models.TextField(blank=True, help_text="Packed vectors; emptied when the report is done."),
                ),
                ("faces", models.PositiveSmallIntegerField(null=True)),
                (
                    "picture",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="jobs.picture"),
                ),
                (
                    "portrayal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sittings", to="portrayals.portrayal"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [models.UniqueConstraint(fields=("portrayal", "picture"), name="picture_sits_once")],
            },
        ),
        migrations.CreateModel(
            name="Rating",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seen", models.JSONField(default=list)),
                ("rated", models.DateTimeField()),
                (
                    "rater",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "sitting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ratings", to="portrayals.sitting"
                    ),
                ),
            ],
            options={
                "ordering": ["rated", "pk"],
                "constraints": [models.UniqueConstraint(fields=("sitting", "rater"), name="rated_once_by_each")],
            },
        ),
    ]
