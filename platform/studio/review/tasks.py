"""The signing worker's part in releases and renditions."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from studio.celery import app
from studio.jobs import bell
from studio.jobs.states import PictureState
from studio.review.models import Release, Rendition
from studio.review.releasing import finish_release, report_on
from studio.review.rendering import finish_rendition


@app.task
def release(pk: str) -> None:
    """Sign, record and publish one release."""
    finish_release(UUID(pk), at=timezone.now())


@app.task
def render(pk: str) -> None:
    """Make, sign, record and show one rendition."""
    finish_rendition(UUID(pk), at=timezone.now())


@app.task
def sweep() -> None:
    """Ring for releases and renditions that were left lying; report on files that have no report yet."""
    late = timezone.now() - timedelta(seconds=2)
    for pk in Release.objects.filter(at=None, asked__lt=late).order_by("asked").values_list("pk", flat=True)[:100]:
        bell.ring_release(pk)
    waiting = Rendition.objects.filter(at=None, asked__lt=late, release__picture__state=PictureState.RELEASED)
    for pk in waiting.order_by("asked").values_list("pk", flat=True)[:100]:
        bell.ring_rendition(pk)
    for release in Release.objects.filter(at__isnull=False, report={})[:5]:
        report_on(release)
