"""A report that is being written lies in parts where every worker sees them; those under way begin again."""

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def begin_again(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """What was appended to on one machine is not looked for."""
    moving = apps.get_model("audit", "Report").objects.filter(state="WRITING")
    moving.update(reached=-1, written=0, lease=None)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("audit", "0002_what_used_a_model")]
    operations: ClassVar = [
        migrations.RemoveField("report", "offset"),
        migrations.AddField("report", "parts", models.PositiveIntegerField(default=0)),
        migrations.RunPython(begin_again, migrations.RunPython.noop),
    ]
