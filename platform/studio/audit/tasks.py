"""The store's own housekeeping."""

import logging

from django.utils import timezone

from studio.audit.integrity import unreferred
from studio.celery import app

logger = logging.getLogger(__name__)


@app.task
def clear_strays() -> None:
    """Remove files that a crash left in the store: nothing refers to them, and nobody ever saw them."""
    for path in list(unreferred(timezone.now())):
        logger.info("removing %s from the store: nothing refers to it", path.name)
        path.unlink(missing_ok=True)
