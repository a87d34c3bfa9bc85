"""What a reviewer decided is found by the reviewer, newest first."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("review", "0011_turn"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AlterField(
            "holdruling",
            "reviewer",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "reviewdecision",
            "reviewer",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex("holdruling", models.Index(fields=["reviewer", "-at", "-id"], name="ruling_by_reviewer")),
        migrations.AddIndex(
            "reviewdecision", models.Index(fields=["reviewer", "-at", "-id"], name="decision_by_reviewer")
        ),
    ]
