"""What the control worker does for policies: answers pages, rehearses drafts, runs them in shadow."""

import logging
from uuid import UUID

from django.utils import timezone

from studio.celery import app
from studio.jobs import bell
from studio.policies import asking, rehearsing, shadowing

logger = logging.getLogger(__name__)


@app.task
def answer(question: str) -> None:
    """Answer somebody who waits at a page."""
    asking.answer(UUID(question), at=timezone.now())


@app.task
def rehearse(rehearsal: str) -> None:
    """Do the next slice of a rehearsal, and ring for the one after it: other work comes between."""
    if rehearsing.rehearse(UUID(rehearsal), at=timezone.now()):
        bell.ring_rehearsal(UUID(rehearsal))


@app.task
def sweep() -> None:
    """Take up what was left lying, and let drafts in shadow catch up."""
    now = timezone.now()
    for pk in rehearsing.left_over(now=now):
        bell.ring_rehearsal(pk)
    shadowing.shadow_all(now=now)
