"""A review knows its organisation."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    """Reviews of before have their picture's."""
    own = apps.get_model("jobs", "Picture").objects.filter(pk=OuterRef("picture")).values("organisation")[:1]
    apps.get_model("review", "ReviewRequest").objects.update(organisation=Subquery(own))


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("jobs", "0009_picture_places_order"),
        ("review", "0007_reasons_or_words"),
    ]

    operations = [
        migrations.AddField(
            "reviewrequest",
            "organisation",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
