"""What galleries are narrowed to stands in the picture itself."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

FACETS = {
    "campaign": "projects.campaign",
    "requester": "accounts.membership",
    "project": "projects.project",
    "model": "catalogue.model",
}


def fill(apps, schema_editor):
    """Pictures of before have it from their job."""
    own = apps.get_model("jobs", "Job").objects.filter(pk=OuterRef("job"))
    apps.get_model("jobs", "Picture").objects.update(**{name: Subquery(own.values(name)[:1]) for name in FACETS})


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("catalogue", "0001_initial"),
        ("jobs", "0007_job_state"),
        ("projects", "0001_initial"),
    ]

    operations = [
        *(
            migrations.AddField(
                "picture",
                name,
                models.ForeignKey(
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=to,
                ),
            )
            for name, to in FACETS.items()
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
