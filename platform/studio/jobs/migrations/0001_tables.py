"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("jobs", "0001_initial"),
        ("jobs", "0002_reference"),
        ("jobs", "0003_appeal"),
        ("jobs", "0004_process"),
        ("jobs", "0005_galleries"),
        ("jobs", "0006_gallery_order"),
        ("jobs", "0007_job_state"),
        ("jobs", "0008_picture_places"),
        ("jobs", "0009_picture_places_order"),
        ("jobs", "0010_job_order"),
        ("jobs", "0011_job_turn"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
        ("catalogue", "0001_tables"),
        ("projects", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
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
                            ("DRAFT", "Draft"),
                            ("SUBMITTED", "Screening"),
                            ("HELD", "Held"),
                            ("BLOCKED", "Blocked"),
                            ("QUEUED", "Queued"),
                            ("GENERATING", "Generating"),
                            ("DONE", "Done"),
                            ("FAILED", "Failed"),
                            ("LOST", "Lost"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="SUBMITTED",
                        max_length=12,
                    ),
                ),
                ("spec", models.JSONField()),
                ("words", models.BinaryField(help_text="Sealed JSON: prompt, negative prompt, rights, purpose, salt.")),
                ("language", models.CharField(default="en", max_length=8)),
                ("request_digest", models.CharField(max_length=64)),
                ("prompt_commitment", models.CharField(max_length=64)),
                ("idempotency_key", models.CharField(blank=True, max_length=80, null=True)),
                (
                    "relation",
                    models.CharField(
                        blank=True,
                        choices=[("VARIATION", "a variation of it"), ("REPLACEMENT", "a replacement of it")],
                        max_length=12,
                    ),
                ),
                ("count", models.PositiveSmallIntegerField()),
                ("priority", models.SmallIntegerField(default=0)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("progress", models.PositiveIntegerField(default=0)),
                ("progress_total", models.PositiveIntegerField(default=0)),
                ("failure", models.TextField(blank=True)),
                ("submitted", models.DateTimeField()),
                (
                    "rank",
                    models.DateTimeField(
                        help_text="Place in line: when it was queued, earlier for each point of priority.", null=True
                    ),
                ),
                ("started", models.DateTimeField(null=True)),
                ("ended", models.DateTimeField(null=True)),
                (
                    "again_of",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="again",
                        to="jobs.job",
                    ),
                ),
                (
                    "appeal_of",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeal",
                        to="jobs.job",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="projects.campaign",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="catalogue.model"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="projects.policyversion"
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="jobs",
                        to="projects.project",
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="jobs", to="accounts.membership"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "QUEUED")), fields=["rank"], name="job_queue"),
                    models.Index(fields=["state", "project", "requester", "rank"], name="job_turn"),
                    models.Index(fields=["project", "-started"], name="job_service"),
                    models.Index(fields=["project", "-submitted"], name="job_newest"),
                    models.Index(fields=["state", "-ended"], name="job_state"),
                    models.Index(fields=["project", "state", "count"], name="job_spent"),
                    models.Index(fields=["campaign", "-submitted"], name="job_by_campaign"),
                    models.Index(fields=["campaign", "state", "-submitted"], name="job_by_campaign_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "idempotency_key"), name="idempotency_key_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "DRAFT",
                                    "SUBMITTED",
                                    "HELD",
                                    "BLOCKED",
                                    "QUEUED",
                                    "GENERATING",
                                    "DONE",
                                    "FAILED",
                                    "LOST",
                                    "CANCELLED",
                                ],
                            )
                        ),
                        name="job_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "GENERATING"), _negated=True),
                            models.Q(("lease__isnull", False), ("token__isnull", False)),
                            _connector="OR",
                        ),
                        name="job_generating_is_claimed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                ("attempt", models.PositiveIntegerField(default=0)),
                ("token", models.UUIDField(null=True)),
                ("lease", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("index", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("GENERATED", "Being checked"),
                            ("QUARANTINED", "Held back"),
                            ("CHECKED", "Being signed"),
                            ("SIGNED", "Being recorded"),
                            ("RECORDED", "Ready to submit"),
                            ("IN_REVIEW", "In review"),
                            ("CHANGES_REQUESTED", "Changes requested"),
                            ("APPROVED", "Approved"),
                            ("REJECTED", "Rejected"),
                            ("RELEASED", "Released"),
                            ("WITHDRAWN", "Withdrawn"),
                            ("DISCARDED", "Discarded"),
                        ],
                        default="GENERATED",
                        max_length=20,
                    ),
                ),
                ("seed", models.CharField(max_length=20)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("recipe", models.JSONField(help_text="How to make it again, without the words.")),
                ("recipe_digest", models.CharField(max_length=64)),
                ("source_pixel_sha256", models.CharField(help_text="Pixels as the model made them.", max_length=64)),
                ("media_type", models.CharField(blank=True, max_length=40)),
                ("sha256", models.CharField(blank=True, help_text="The first signed file.", max_length=64)),
                (
                    "pixel_sha256",
                    models.CharField(blank=True, help_text="Its decoded pixels, label included.", max_length=64),
                ),
                ("manifest", models.CharField(blank=True, max_length=80)),
                (
                    "process",
                    models.JSONField(help_text="What is on the strip of its making, where there is one.", null=True),
                ),
                ("process_sha256", models.CharField(blank=True, help_text="The signed strip.", max_length=64)),
                ("sequence", models.BigIntegerField(null=True)),
                ("leaf", models.CharField(blank=True, max_length=64)),
                (
                    "waiting",
                    models.TextField(blank=True, help_text="Why it cannot go on at present; it goes on by itself."),
                ),
                (
                    "flagged",
                    models.BooleanField(
                        default=False, help_text="The screen of finished pictures noted something about it."
                    ),
                ),
                ("created", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.campaign",
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pictures",
                        to="jobs.job",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.model",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.organisation",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.membership",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "changed"], name="jobs_pictur_state_c0be9d_idx"),
                    models.Index(fields=["sha256"], name="jobs_pictur_sha256_ea999b_idx"),
                    models.Index(fields=["process_sha256"], name="jobs_pictur_process_e4fb92_idx"),
                    models.Index(fields=["organisation", "-created", "-id"], name="picture_gallery"),
                    models.Index(fields=["organisation", "state", "-created", "-id"], name="picture_gallery_state"),
                    models.Index(
                        condition=models.Q(("flagged", True)),
                        fields=["organisation", "-created", "-id"],
                        name="picture_gallery_flagged",
                    ),
                    models.Index(fields=["campaign", "-created", "-id"], name="picture_by_campaign"),
                    models.Index(fields=["requester", "-created", "-id"], name="picture_by_requester"),
                    models.Index(fields=["project", "-created", "-id"], name="picture_by_project"),
                    models.Index(fields=["model", "-created", "-id"], name="picture_by_model"),
                    models.Index(fields=["campaign", "state", "-created", "-id"], name="picture_by_campaign_state"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("job", "index"), name="picture_index_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "GENERATED",
                                    "QUARANTINED",
                                    "CHECKED",
                                    "SIGNED",
                                    "RECORDED",
                                    "IN_REVIEW",
                                    "CHANGES_REQUESTED",
                                    "APPROVED",
                                    "REJECTED",
                                    "RELEASED",
                                    "WITHDRAWN",
                                    "DISCARDED",
                                ],
                            )
                        ),
                        name="picture_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["GENERATED", "QUARANTINED", "CHECKED", "DISCARDED"]),
                            models.Q(("pixel_sha256__regex", "^[0-9a-f]{64}$"), ("sha256__regex", "^[0-9a-f]{64}$")),
                            _connector="OR",
                        ),
                        name="signed_has_a_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["GENERATED", "QUARANTINED", "CHECKED", "SIGNED", "DISCARDED"]),
                            models.Q(("leaf__regex", "^[0-9a-f]{64}$"), ("sequence__gte", 0)),
                            _connector="OR",
                        ),
                        name="recorded_has_a_receipt",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="job",
            name="origin",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="descendants",
                to="jobs.picture",
            ),
        ),
        migrations.CreateModel(
            name="Screening",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reference", models.BooleanField(default=False)),
                ("action", models.CharField(max_length=12)),
                ("decision", models.JSONField()),
                ("reasons", models.JSONField(default=list, help_text="For the maker: plain words, no scores.")),
                ("at", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="screenings", to="jobs.job"
                    ),
                ),
                (
                    "picture",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="screenings",
                        to="jobs.picture",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("picture", None)), fields=("job", "reference"), name="prompt_screened_once"
                    ),
                    models.UniqueConstraint(fields=("picture",), name="picture_screened_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shaper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("how", models.CharField(max_length=40)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shapers", to="jobs.job"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("job", "user", "how"), name="shaper_once")],
            },
        ),
        migrations.CreateModel(
            name="Star",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "picture",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stars", to="jobs.picture"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "picture"), name="star_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("origin", None), ("relation", "")),
                    models.Q(("origin__isnull", False), models.Q(("relation", ""), _negated=True)),
                    _connector="OR",
                ),
                name="job_origin_is_related",
            ),
        ),
    ]
