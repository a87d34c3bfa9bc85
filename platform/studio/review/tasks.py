"""The signing worker's part in a release."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from studio.celery import app
from studio.jobs import bell
from studio.review.models import Release
from studio.review.releasing import finish_release


@app.task
def release(pk: str) -> None:
    """Sign, record and publish one release."""
    finish_release(UUID(pk), at=timezone.now())


@app.task
def sweep() -> None:
    """Ring for releases that were left lying."""
    late = timezone.now() - timedelta(seconds=2)
    for pk in Release.objects.filter(at=None, asked__lt=late).order_by("asked").values_list("pk", flat=True)[:100]:
        bell.ring_release(pk)
