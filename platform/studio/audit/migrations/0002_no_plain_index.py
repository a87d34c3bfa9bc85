"""Every index of the register begins with the organisation; one of it alone is carried for nothing."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("accounts", "0001_initial"), ("audit", "0001_register_and_reports")]

    operations = [
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
