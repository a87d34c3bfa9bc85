"""Every picture has its places, and galleries have their order by each. PostgreSQL wants this after the rows are filled."""

import django.db.models.deletion
from django.db import migrations, models

FACETS = {
    "campaign": "projects.campaign",
    "requester": "accounts.membership",
    "project": "projects.project",
    "model": "catalogue.model",
}


class Migration(migrations.Migration):

    dependencies = [("jobs", "0008_picture_places")]

    operations = [
        *(
            migrations.AlterField(
                "picture",
                name,
                models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to
                ),
            )
            for name, to in FACETS.items()
        ),
        *(
            migrations.AddIndex(
                "picture", models.Index(fields=[name, "-created", "-id"], name=f"picture_by_{name}")
            )
            for name in FACETS
        ),
        migrations.AddIndex(
            "picture",
            models.Index(fields=["campaign", "state", "-created", "-id"], name="picture_by_campaign_state"),
        ),
        # Its place in its request carries an index that begins with the request.
        migrations.AlterField(
            "picture",
            "job",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pictures",
                to="jobs.job",
            ),
        ),
    ]
