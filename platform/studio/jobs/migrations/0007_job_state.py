"""Requests by state: the queue, what ended short, and how long the last ones took."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("jobs", "0006_gallery_order")]

    operations = [
        migrations.AddIndex("job", models.Index(fields=["state", "-ended"], name="job_state")),
    ]
