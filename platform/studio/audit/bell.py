"""Rings the workers that check books and write reports; best effort, the sweep rings again."""

from uuid import UUID


def _ring(task: str, key: UUID) -> None:
    # Celery takes a fifth of a second to import; pages that ring nobody do without.
    from studio.celery import ring

    ring(f"studio.audit.tasks.{task}", str(key))


def ring_inspection(inspection: UUID) -> None:
    """Somebody's books are to be checked."""
    _ring("inspect", inspection)


def ring_report(report: UUID) -> None:
    """A report is to be written."""
    _ring("write", report)


def ring_signature(report: UUID) -> None:
    """A report waits for the organisation's signature."""
    _ring("sign", report)
