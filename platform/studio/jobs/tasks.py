"""What workers do when the bell rings.

A message names work and carries none; every task may run twice, late, or never. A failure in one row is logged and
keeps no other row waiting.
"""

import functools
import logging
from collections.abc import Callable
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from studio import pipeline
from studio.accounts.models import Organisation
from studio.celery import app
from studio.jobs import bell, finishing, making, queue, reference, screening, small
from studio.jobs.checkpoints import anchor_checkpoint, copy_checkpoint, publish_checkpoint
from studio.jobs.keys import witness_keys
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.trail import actions as trail
from studio.trail.alarms import hush, sound
from studio.trail.models import Alarm, AlarmKind

logger = logging.getLogger(__name__)
ANSWER_SECONDS = 60
# What the sign worker does for each log at intervals, in this order.
CHORES = (
    (AlarmKind.KEYS, witness_keys),
    (AlarmKind.CHECKPOINT, publish_checkpoint),
    (AlarmKind.STAMP, anchor_checkpoint),
    (AlarmKind.COPY, copy_checkpoint),
)


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
    """Make the pictures of whoever's turn it is, then ring for the next.

    Between two jobs a worker can be told to end.
    """
    job = queue.claim(now=timezone.now())
    if job is not None:
        making.make(job, press())
        bell.ring_generate()


@app.task
def finish(picture: str) -> None:
    """Check one picture, or record it; the control worker's part, which ends where a signature is needed."""
    if finishing.finish(UUID(picture), clock=timezone.now, states=finishing.CONTROL) == PictureState.CHECKED:
        bell.ring_seal(UUID(picture))


@app.task
def seal(picture: str) -> None:
    """Sign and record one picture; the sign worker's part."""
    finishing.finish(UUID(picture), clock=timezone.now, states=finishing.SIGN)


@app.task
def make_small(picture: str) -> None:
    """Make the small picture that galleries show."""
    small.make(Picture.objects.get(pk=UUID(picture)))


@app.task
def settle_pending() -> None:
    """Append what the ledger is owed; what it cannot take now, or holds otherwise, is an alarm of that log."""
    failed: dict[AlarmKind, dict[str, str]] = {AlarmKind.OWED: {}, AlarmKind.CONFLICT: {}}
    for intent in trail.pending()[:200]:
        try:
            trail.settle(intent, at=timezone.now())
        except pipeline.LedgerUnavailableError as error:
            logger.error("the ledger cannot be reached: %s", error)
            failed[AlarmKind.OWED] = dict.fromkeys(trail.pending().values_list("log", flat=True), str(error))
            break
        except pipeline.LedgerConflictError as error:
            logger.exception("entry %s: the ledger holds something else under its id", intent.pk)
            failed[AlarmKind.CONFLICT][intent.log] = f"entry {intent.pk}: {error}"
    for kind, causes in failed.items():
        affected = dict(Organisation.objects.filter(log__in=causes).values_list("pk", "log")) if causes else {}
        for organisation, log in affected.items():
            sound(kind, organisation=organisation, cause=causes[log], at=timezone.now())
        for alarm in Alarm.objects.filter(kind=kind).exclude(organisation__in=affected):
            hush(kind, organisation=alarm.organisation)


@app.task
def sweep() -> None:
    """Ring for whatever was left lying, end what nobody ruled on, and settle what is owed."""
    _each(queue.sweep, finishing.expire)
    settle_pending.run()


@app.task
def clear_quarantine() -> None:
    """Remove sealed files that nothing waits for."""
    _each(finishing.sweep_quarantine, reference.sweep)


def _each(*chores: Callable[..., object]) -> None:
    for chore in chores:
        try:
            chore(now=timezone.now())
        except Exception:
            logger.exception("%s.%s failed; the next sweep tries again", chore.__module__, chore.__qualname__)


@app.task
def checkpoints() -> None:
    """Witness each organisation's keys, sign where its log stands, and have that time-stamped and copied."""
    for organisation in Organisation.objects.all():
        for kind, step in CHORES:
            try:
                step(organisation, at=timezone.now())
            except (pipeline.ProvenanceError, OSError, ValueError) as error:
                logger.exception("%s: %s", organisation.slug, kind.label)
                sound(kind, organisation=organisation.pk, cause=str(error), at=timezone.now())
            else:
                hush(kind, organisation=organisation.pk)
