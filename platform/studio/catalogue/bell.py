"""Rings the train worker awake, best effort: nothing is lost when a ring is, because the sweeper rings again."""


def ring_teach() -> None:
    """A lesson waits."""
    # Celery takes a fifth of a second to import; pages that ring nobody do without.
    from studio.celery import ring

    ring("studio.catalogue.tasks.teach")
