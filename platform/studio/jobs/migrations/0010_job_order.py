"""Requests by campaign, and what a project spent, each from one index; they carry what two plain ones did."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("jobs", "0009_picture_places_order")]

    operations = [
        migrations.AddIndex("job", models.Index(fields=["project", "state", "count"], name="job_spent")),
        migrations.AddIndex("job", models.Index(fields=["campaign", "-submitted"], name="job_by_campaign")),
        migrations.AddIndex(
            "job", models.Index(fields=["campaign", "state", "-submitted"], name="job_by_campaign_state")
        ),
        *(
            migrations.AlterField(
                "job",
                name,
                models.ForeignKey(
                    db_index=False,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="jobs",
                    to=f"projects.{name}",
                ),
            )
            for name in ("project", "campaign")
        ),
    ]
