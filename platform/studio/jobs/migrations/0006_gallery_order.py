"""Every picture has its organisation, and galleries have their order. PostgreSQL wants this after the rows are filled."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("accounts", "0001_initial"), ("jobs", "0005_galleries")]

    operations = [
        migrations.AlterField(
            "picture",
            "organisation",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
        migrations.AddIndex(
            "picture", models.Index(fields=["organisation", "-created", "-id"], name="picture_gallery")
        ),
        migrations.AddIndex(
            "picture", models.Index(fields=["organisation", "state", "-created", "-id"], name="picture_gallery_state")
        ),
        migrations.AddIndex(
            "picture",
            models.Index(
                fields=["organisation", "-created", "-id"], condition=Q(flagged=True), name="picture_gallery_flagged"
            ),
        ),
    ]
