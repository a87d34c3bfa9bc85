"""What the control worker does for the registry."""

from uuid import UUID

from django.utils import timezone

from studio.celery import app
from studio.references import bell, registering


@app.task
def register(protected: str) -> None:
    """Read one picture."""
    registering.register(UUID(protected), at=timezone.now())


@app.task
def sweep() -> None:
    """Take up what was left lying, and clear what nobody waits for."""
    now = timezone.now()
    for pk in registering.left_over(now=now):
        bell.ring_register(pk)
    registering.sweep(now=now)
