"""All tables of this app; it stands for the steps that led to them, where those were taken before."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("review", "0001_initial"),
        ("review", "0002_rendition"),
        ("review", "0003_stages"),
        ("review", "0004_usual_plan"),
        ("review", "0005_stages_stand"),
        ("review", "0006_looking_and_recalling"),
        ("review", "0007_reasons_or_words"),
        ("review", "0008_review_organisation"),
        ("review", "0009_review_order"),
        ("review", "0010_description_screening"),
        ("review", "0011_turn"),
        ("review", "0012_decided_by"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_tables"),
        ("jobs", "0001_tables"),
        ("projects", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReviewRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("purpose", models.TextField()),
                ("channel", models.CharField(max_length=60)),
                ("alt_text", models.TextField()),
                ("checklist", models.JSONField(default=dict)),
                ("due", models.DateField(blank=True, null=True)),
                ("turn", models.CharField(editable=False, max_length=64)),
                ("at", models.DateTimeField()),
                ("flagged", models.BooleanField(default=False, help_text="To be looked at by itself (review.flags).")),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "maker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
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
                    "picture",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="review_requests", to="jobs.picture"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended", None)),
                        fields=["organisation", "due", "turn"],
                        name="review_waiting",
                    ),
                    models.Index(fields=["organisation", "-at", "-id"], name="review_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DescriptionScreening",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="screening",
                        serialize=False,
                        to="review.reviewrequest",
                    ),
                ),
                ("action", models.CharField(max_length=12)),
                ("decision", models.JSONField()),
                ("reasons", models.JSONField(default=list, help_text="In plain words, no scores.")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Outsider",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("pseudonym", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outsiders",
                        to="accounts.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("organisation", "email"), name="outsider_once")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("name", models.CharField(blank=True, max_length=80)),
                ("at", models.DateTimeField()),
                ("expires", models.DateTimeField()),
                ("used", models.DateTimeField(blank=True, null=True)),
                ("revoked", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invitations",
                        to="review.reviewrequest",
                    ),
                ),
                (
                    "outsider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invitations", to="review.outsider"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("digest__regex", "^[0-9a-f]{64}$")), name="invitation_digest_whole"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("used", None), models.Q(("name", ""), _negated=True), _connector="OR"),
                        name="outsider_gave_a_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recall",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("model", "Model"), ("policy", "Policy version"), ("key", "Signing key")],
                        max_length=10,
                    ),
                ),
                ("target", models.CharField(max_length=64)),
                ("title", models.CharField(max_length=160)),
                ("public_reason", models.TextField()),
                ("asked", models.DateTimeField()),
                ("total", models.PositiveIntegerField(default=0)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recalls", to="accounts.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["-asked"],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "kind", "target"), name="recalled_once"),
                    models.CheckConstraint(
                        condition=models.Q(("public_reason", ""), _negated=True), name="recall_has_a_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target__regex", "^[0-9a-f]{64}$")), name="recall_target_whole"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("asked", models.DateTimeField()),
                ("media_type", models.CharField(blank=True, max_length=40)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("manifest", models.CharField(blank=True, max_length=80)),
                ("at", models.DateTimeField(null=True)),
                (
                    "report",
                    models.JSONField(default=dict, help_text="What the file's own bytes say: profiles and survival."),
                ),
                (
                    "key_id",
                    models.CharField(
                        blank=True, db_index=True, help_text="The key that signed the file.", max_length=64
                    ),
                ),
                (
                    "picture",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="release", to="jobs.picture"
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rendition",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("shape", models.CharField(max_length=40)),
                ("title", models.CharField(max_length=80)),
                ("asked", models.DateTimeField()),
                ("width", models.PositiveIntegerField(default=0)),
                ("height", models.PositiveIntegerField(default=0)),
                ("media_type", models.CharField(blank=True, max_length=40)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("manifest", models.CharField(blank=True, max_length=80)),
                ("report", models.JSONField(default=dict)),
                ("waiting", models.TextField(blank=True)),
                ("at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="renditions", to="review.release"
                    ),
                ),
            ],
            options={
                "ordering": ["asked"],
                "constraints": [
                    models.UniqueConstraint(fields=("release", "shape"), name="rendition_once"),
                    models.CheckConstraint(
                        condition=models.Q(("at", None), ("sha256__regex", "^[0-9a-f]{64}$"), _connector="OR"),
                        name="rendition_shown_has_a_file",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewDecision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("APPROVED", "Approve"),
                            ("REJECTED", "Reject"),
                            ("CHANGES_REQUESTED", "Request changes"),
                        ],
                        max_length=20,
                    ),
                ),
                ("final", models.BooleanField(default=True)),
                (
                    "reasons",
                    models.JSONField(default=list, help_text="What was chosen of the list of reasons, by its codes."),
                ),
                ("reason", models.TextField(blank=True)),
                ("sha256", models.CharField(max_length=64)),
                ("pixel_sha256", models.CharField(max_length=64)),
                ("policy_digest", models.CharField(max_length=64)),
                ("recipe_digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "invitation",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="review.invitation",
                    ),
                ),
                (
                    "picture",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="jobs.picture"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="review.reviewrequest"
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["reviewer", "-at", "-id"], name="decision_by_reviewer")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outcome", "APPROVED"),
                            models.Q(("reason", ""), _negated=True),
                            models.Q(("reasons", []), _negated=True),
                            _connector="OR",
                        ),
                        name="refusal_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("outcome", "APPROVED"), ("final", True), _connector="OR"),
                        name="refusal_ends_a_review",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("invitation", None), ("reviewer__isnull", False)),
                            models.Q(("invitation__isnull", False), ("reviewer", None)),
                            _connector="OR",
                        ),
                        name="decided_by_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("final", True), ("outcome", "APPROVED")),
                        fields=("picture",),
                        name="approved_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("final", True)), fields=("request",), name="review_ended_once"
                    ),
                    models.UniqueConstraint(fields=("request", "reviewer"), name="nobody_counts_twice"),
                ],
            },
        ),
        migrations.AddField(
            model_name="release",
            name="decision",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="release", to="review.reviewdecision"
            ),
        ),
        migrations.CreateModel(
            name="ReviewPlan",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="review_plans", to="projects.project"
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [models.UniqueConstraint(fields=("project", "number"), name="plan_number_once")],
            },
        ),
        migrations.CreateModel(
            name="Stage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField(help_text="Its place in the order, from 1.")),
                ("name", models.CharField(max_length=40)),
                ("needed", models.PositiveSmallIntegerField(default=1)),
                ("deciders", models.ManyToManyField(blank=True, related_name="stages", to="accounts.membership")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stages", to="review.reviewplan"
                    ),
                ),
            ],
            options={
                "ordering": ["place"],
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "place"), name="stage_place_once"),
                    models.UniqueConstraint(fields=("plan", "name"), name="stage_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(("needed__gte", 1), ("place__gte", 1)), name="stage_needs_somebody"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="reviewrequest",
            name="stage",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="review.stage"),
        ),
        migrations.AddField(
            model_name="reviewdecision",
            name="stage",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="review.stage"
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="stage",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="review.stage"),
        ),
        migrations.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("public_reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "picture",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="withdrawal", to="jobs.picture"
                    ),
                ),
                (
                    "recall",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawals",
                        to="review.recall",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "request",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="look",
                        serialize=False,
                        to="review.reviewrequest",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "holder",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="look", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("until__gt", models.F("since"))), name="look_ends")
                ],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("x", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("y", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "answered",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="review.reviewrequest",
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="comments", to="review.reviewrequest"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="comment_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("x", None), ("y", None)),
                            models.Q(("x__lte", 1000), ("y__lte", 1000)),
                            _connector="OR",
                        ),
                        name="comment_in_the_picture",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("lifted", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "picture",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="flags", to="jobs.picture"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted", None)), fields=("picture",), name="one_open_flag"
                    ),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="flag_has_a_reason"),
                ],
            },
        ),
        migrations.CreateModel(
            name="HoldRuling",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("let_through", models.BooleanField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rulings", to="jobs.job"
                    ),
                ),
                (
                    "picture",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="ruling", to="jobs.picture"
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["reviewer", "-at", "-id"], name="ruling_by_reviewer")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("picture", None)), fields=("job",), name="request_ruled_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="ruling_has_a_reason"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked", None)), fields=("request", "stage", "outsider"), name="invited_once"
            ),
        ),
    ]
