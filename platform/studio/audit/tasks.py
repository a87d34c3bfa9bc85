"""What workers do for auditors when the bell rings, and the store's own housekeeping."""

import logging
from uuid import UUID

from django.utils import timezone

from studio import pipeline
from studio.accounts.models import Organisation
from studio.audit import bell, inspecting, reporting, writing
from studio.audit.integrity import unreferred
from studio.audit.registering import catch_up
from studio.celery import app

logger = logging.getLogger(__name__)
# The register of a log that was there before is filled in by and by, between other work.
ENTRIES_AT_ONCE = 5000


@app.task
def clear_strays() -> None:
    """Remove files that a crash left in the store: nothing refers to them, and nobody ever saw them."""
    for place in list(unreferred(timezone.now())):
        logger.info("removing %s from the store: nothing refers to it", place.name)
        place.remove()


@app.task
def inspect(inspection: str) -> None:
    """Do the next slice of an inspection, and ring for the one after it."""
    if inspecting.inspect(UUID(inspection), at=timezone.now()):
        bell.ring_inspection(UUID(inspection))


@app.task
def write(report: str) -> None:
    """Do the next slice of a report, and ring for the one after it."""
    if writing.write(UUID(report), at=timezone.now()):
        bell.ring_report(UUID(report))


@app.task
def sign(report: str) -> None:
    """Sign a report; the sign worker's part."""
    writing.sign(UUID(report), at=timezone.now())


@app.task
def sweep() -> None:
    """Fill the register, begin the inspections that are due, and ring for whatever was left lying."""
    now = timezone.now()
    for organisation in Organisation.objects.all():
        try:
            catch_up(organisation, most=ENTRIES_AT_ONCE)
        except pipeline.ProvenanceError as error:
            logger.error("the register of %s waits: %s", organisation.slug, error)
    for organisation in inspecting.due(now=now):
        inspecting.ask_inspection(actor=None, organisation=organisation, at=now)
    for pk in inspecting.left_over(now=now):
        bell.ring_inspection(pk)
    for report in reporting.left_over(now=now):
        ring = bell.ring_signature if report.state == reporting.State.SIGNING else bell.ring_report
        ring(report.pk)
    reporting.expire(now=now)
    reporting.sweep_unfinished(now=now)
