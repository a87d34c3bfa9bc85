"""What the control worker does for representation reports: a slice at a time, other work between."""

from uuid import UUID

from django.utils import timezone

from studio.celery import app
from studio.jobs import bell
from studio.portrayals import measuring


@app.task
def measure(portrayal: str) -> None:
    """Do the next slice of a report, and ring for the one after it."""
    if measuring.measure(UUID(portrayal), at=timezone.now()):
        bell.ring_portrayal(UUID(portrayal))


@app.task
def sweep() -> None:
    """Take up what was left lying, and look whether a grid has been drawn."""
    for pk in measuring.left_over(now=timezone.now()):
        bell.ring_portrayal(pk)
