"""What workers do when the bell rings.

A message names work and carries none; every task may run twice, late, or never.
"""

import functools
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from studio import blobs, pipeline
from studio.accounts.models import Organisation
from studio.celery import app
from studio.faults import fault
from studio.jobs import finishing, making, queue, screening
from studio.trail import actions as trail

ANSWER_SECONDS = 60


@functools.cache
def press() -> pipeline.Press:
    """This worker's model, kept loaded between jobs."""
    return pipeline.Press()


@app.task
def answer(question: str) -> None:
    """Say that this worker is awake: whoever rang finds the answer in the cache."""
    cache.set(f"answer-{question}", True, ANSWER_SECONDS)


@app.task
def screen(job: str) -> None:
    """Screen one request."""
    screening.screen(UUID(job), at=timezone.now())


@app.task
def generate() -> None:
    """Make the pictures of whoever's turn it is, until nobody waits."""
    while (job := queue.claim(now=timezone.now())) is not None:
        making.make(job, press())


@app.task
def finish(picture: str) -> None:
    """Check, sign and record one picture."""
    finishing.finish(UUID(picture), at=timezone.now())


@app.task
def settle_pending() -> None:
    """Append what the ledger is owed."""
    for intent in trail.pending()[:200]:
        try:
            trail.settle(intent, at=timezone.now())
        except (pipeline.LedgerUnavailableError, pipeline.LedgerConflictError) as error:
            trail.logger.error("entry %s waits for the ledger: %s", intent.pk, error)
            break


@app.task
def sweep() -> None:
    """Ring for whatever was left lying."""
    queue.sweep(now=timezone.now())
    finishing.expire(now=timezone.now())
    if trail.pending().exists():
        settle_pending.run()


@app.task
def checkpoints() -> None:
    """Sign where each log stands, and keep the note outside the database."""
    for organisation in Organisation.objects.all():
        note = pipeline.checkpoint(organisation.log, organisation.slug, now=timezone.now())
        fault("checkpoint before publish")
        blobs.write_whole(pipeline.checkpoint_path(organisation.slug), note.encode())
