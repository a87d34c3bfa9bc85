"""Rings the control worker for a delivery, best effort: the sweeper finds whatever a lost ring leaves lying."""

from uuid import UUID


def ring_delivery(delivery: UUID) -> None:
    """Somebody waits to be told."""
    # Celery takes a fifth of a second to import; processes that tell nobody do without.
    from studio.celery import ring

    ring("studio.webhooks.tasks.deliver", str(delivery))
