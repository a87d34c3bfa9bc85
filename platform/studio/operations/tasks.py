"""The installation's own housekeeping."""

import logging

from django.utils import timezone

from studio.celery import app
from studio.jobs import erasing
from studio.operations import first_steps, health

logger = logging.getLogger(__name__)


@app.task
def make_keys() -> None:
    """The sign worker's: keys for an organisation that waits for them in the first steps."""
    first_steps.make_wanted_keys(at=timezone.now())


@app.task
def awake(question: str, role: str) -> None:
    """Answer whoever looks at the status page."""
    health.answer(question, role)


@app.task
def retain() -> None:
    """Erase what organisations keep no longer."""
    if erased := erasing.erase_due(now=timezone.now()):
        logger.info("erased %d pictures and requests' words that were kept long enough", erased)
