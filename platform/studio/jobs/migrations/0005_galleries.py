"""What long galleries are found by, stars, and the picture that a request came from."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery


def fill(apps, schema_editor):
    """Pictures of before belong to their job's organisation, and are flagged where their screen noted something."""
    job, picture, screening = (apps.get_model("jobs", name) for name in ("Job", "Picture", "Screening"))
    own = job.objects.filter(pk=OuterRef("job")).values("project__organisation")[:1]
    picture.objects.update(organisation=Subquery(own))
    noted = screening.objects.exclude(picture=None).exclude(action="allow").values("picture")
    picture.objects.filter(pk__in=noted).update(flagged=True)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("catalogue", "0002_lineage_and_lessons"),
        ("jobs", "0004_process"),
        ("projects", "0004_policies_belong"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "job",
            "again_of",
            models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="again",
                to="jobs.job",
            ),
        ),
        migrations.AddField(
            "job",
            "origin",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="descendants",
                to="jobs.picture",
            ),
        ),
        migrations.AddField(
            "job",
            "relation",
            models.CharField(
                blank=True,
                choices=[("VARIATION", "a variation of it"), ("REPLACEMENT", "a replacement of it")],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            "job",
            models.CheckConstraint(
                condition=Q(origin=None, relation="") | Q(origin__isnull=False) & ~Q(relation=""),
                name="job_origin_is_related",
            ),
        ),
        migrations.AddField(
            "picture",
            "flagged",
            models.BooleanField(default=False, help_text="The screen of finished pictures noted something about it."),
        ),
        migrations.AddField(
            "picture",
            "organisation",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
        migrations.CreateModel(
            "Star",
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
            options={"constraints": [models.UniqueConstraint(fields=("user", "picture"), name="star_once")]},
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
