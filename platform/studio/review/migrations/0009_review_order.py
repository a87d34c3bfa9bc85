"""The inbox is found by organisation. PostgreSQL wants this after the rows are filled."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("review", "0008_review_organisation")]

    operations = [
        migrations.AlterField(
            "reviewrequest",
            "organisation",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
        migrations.RemoveIndex("reviewrequest", "review_waiting"),
        migrations.AddIndex(
            "reviewrequest",
            models.Index(fields=["organisation", "due", "at"], condition=Q(ended=None), name="review_waiting"),
        ),
        migrations.AddIndex(
            "reviewrequest", models.Index(fields=["organisation", "-at", "-id"], name="review_newest")
        ),
    ]
