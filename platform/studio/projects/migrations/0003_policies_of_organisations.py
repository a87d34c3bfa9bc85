"""Policies of organisations beside those of projects, with what their author wrote, the label, and example prompts."""

import django.db.models.deletion
from django.db import migrations, models

LABELS = [
    ("none", "None"),
    ("icon", "Icon: two letters"),
    ("text", "Text: “AI-generated”"),
    ("simulation", "SIMULATION band"),
]


def fill(apps, schema_editor):
    """Versions of before were written for a project and rest on nothing: what was written is what was in force."""
    version = apps.get_model("projects", "PolicyVersion")
    for row in version.objects.select_related("project"):
        row.organisation_id = row.project.organisation_id
        row.label = row.project.label
        row.own = row.document
        row.save(update_fields=["organisation", "label", "own"])


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("projects", "0002_label_language"),
    ]

    operations = [
        migrations.AddField(
            "policyversion",
            "organisation",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="policies",
                to="accounts.organisation",
            ),
        ),
        migrations.AddField("policyversion", "own", models.JSONField(default=dict), preserve_default=False),
        migrations.AddField(
            "policyversion", "label", models.CharField(choices=LABELS, default="text", max_length=12)
        ),
        migrations.AddField("policyversion", "may_relax", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "policyversion",
            "examples",
            models.JSONField(blank=True, default=list, help_text="Prompts it was tested by before publishing."),
        ),
        migrations.AddField(
            "policyversion",
            "exception",
            models.TextField(blank=True, help_text="Why it was published although an example failed."),
        ),
        migrations.AddField(
            "policyversion",
            "rests_on",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rested_on_by",
                to="projects.policyversion",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
