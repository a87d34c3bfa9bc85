"""The workers' part in what follows a decision: releases and renditions where keys are, recalls elsewhere."""

from uuid import UUID

from django.utils import timezone

from studio.celery import app
from studio.claims import unheard
from studio.jobs import bell
from studio.jobs.states import PictureState
from studio.review import recalling
from studio.review.describing import left_over, screen_description
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
def recall(pk: str) -> None:
    """Withdraw the next slice of a recall, and ring for the one after it: other work comes between."""
    if recalling.go_on(UUID(pk), at=timezone.now()):
        bell.ring_recall(UUID(pk))


@app.task
def describe(pk: str) -> None:
    """Screen the description of one submitted picture."""
    screen_description(UUID(pk), at=timezone.now())


@app.task
def sweep() -> None:
    """Ring for what was left lying: descriptions, releases, renditions, recalls. Tell what files did not tell yet."""
    now = timezone.now()
    for pk in left_over(now=now):
        bell.ring_description(pk)
    asked = Release.objects.filter(unheard("asked", now), at=None).order_by("asked")
    for pk in asked.values_list("pk", flat=True)[:100]:
        bell.ring_release(pk)
    waiting = Rendition.objects.filter(unheard("asked", now), at=None, release__picture__state=PictureState.RELEASED)
    for pk in waiting.order_by("asked").values_list("pk", flat=True)[:100]:
        bell.ring_rendition(pk)
    for pk in recalling.left_over():
        bell.ring_recall(pk)
    for release in Release.objects.filter(at__isnull=False, report={})[:5]:
        report_on(release)
    recalling.name_keys(most=20)
