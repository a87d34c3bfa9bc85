"""Takes a request through the real pipeline inside a test's own process: screen, make, check, seal, record."""

from datetime import datetime, timedelta
from functools import cache

from django.conf import settings

from studio import pipeline
from studio.jobs import finishing, making, queue, screening
from studio.jobs.models import Job, Picture


@cache
def press() -> pipeline.Press:
    """One model child for the whole run of tests; the run's end closes its pipe and it goes."""
    return pipeline.Press()


def make(job: Job, at: datetime) -> list[Picture]:
    """Screen, generate, check, seal and record; returns the pictures, wherever they got to."""
    screening.screen(job.pk, at=at)
    claimed = queue.claim(now=at)
    assert claimed is not None
    assert claimed.pk == job.pk
    assert making.make(claimed, press()) == "DONE", Job.objects.get(pk=job.pk).failure
    for picture in job.pictures.all():
        finishing.finish(picture.pk, clock=lambda: at)
    return list(Picture.objects.filter(job=job).select_related("job__project__organisation").order_by("index"))


def later(at: datetime) -> datetime:
    """A moment when every lease of before has run out."""
    return at + timedelta(seconds=settings.LEASE_SECONDS + 1)
