"""Rings the control worker awake, best effort: nothing here may fail a request, and nothing is lost when a ring is."""

from uuid import UUID


def ring_register(protected: UUID) -> None:
    """A picture waits to be read for the registry."""
    from studio.celery import ring

    ring("studio.references.tasks.register", str(protected))
