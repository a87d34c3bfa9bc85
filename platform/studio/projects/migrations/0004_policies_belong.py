"""Every version belongs to an organisation; apart from the filling, because PostgreSQL alters no table with open rows."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("projects", "0003_policies_of_organisations"),
    ]

    operations = [
        migrations.AlterField(
            "policyversion",
            "organisation",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="policies", to="accounts.organisation"
            ),
        ),
        migrations.AlterField(
            "policyversion",
            "project",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="policies",
                to="projects.project",
            ),
        ),
        migrations.AddConstraint(
            "policyversion",
            models.UniqueConstraint(
                condition=models.Q(("project", None)),
                fields=("organisation", "number"),
                name="organisation_policy_number_once",
            ),
        ),
    ]
