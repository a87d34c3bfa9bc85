"""What used a model is counted in an index. All of them begin with the organisation: one of it alone is not needed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("accounts", "0001_initial"), ("audit", "0001_register_and_reports")]

    operations = [
        migrations.AddIndex(
            "recorded",
            models.Index(fields=["organisation", "model", "kind", "campaign", "at"], name="recorded_uses"),
        ),
        migrations.AlterField(
            "recorded",
            "organisation",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recorded",
                to="accounts.organisation",
            ),
        ),
    ]
