"""A review keeps its turn, so that the inbox is found in its order from an index."""

from django.db import migrations, models
from django.db.models import Q

AT_ONCE = 500


def fill(apps, schema_editor):
    """Reviews of before get theirs from the request that their picture is of."""
    Review = apps.get_model("review", "ReviewRequest")
    told = ("pk", "picture__job__submitted", "picture__job", "picture__index")
    rows = list(Review.objects.values_list(*told))
    for start in range(0, len(rows), AT_ONCE):
        page = rows[start : start + AT_ONCE]
        reviews = [Review(pk=pk, turn=f"{at:%Y%m%d%H%M%S%f}{job.hex}{index:04}") for pk, at, job, index in page]
        Review.objects.bulk_update(reviews, ["turn"])


class Migration(migrations.Migration):

    dependencies = [("jobs", "0001_initial"), ("review", "0010_description_screening")]

    operations = [
        migrations.AddField(
            "reviewrequest",
            "turn",
            models.CharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RemoveIndex("reviewrequest", "review_waiting"),
        migrations.AddIndex(
            "reviewrequest",
            models.Index(fields=["organisation", "due", "turn"], condition=Q(ended=None), name="review_waiting"),
        ),
    ]
