"""Rings workers awake, best effort: nothing here may fail a request, and nothing is lost when a ring is."""

from uuid import UUID


def _ring(task: str, *arguments: str) -> None:
    # Celery takes a fifth of a second to import; `manage.py check` and the pages that ring nobody do without.
    from studio.celery import ring

    ring(f"studio.{task}", *arguments)


def ring_screen(job: UUID) -> None:
    """A request waits to be screened."""
    _ring("jobs.tasks.screen", str(job))


def ring_generate() -> None:
    """The queue has work."""
    _ring("jobs.tasks.generate")


def ring_finish(picture: UUID) -> None:
    """A picture waits to be checked or recorded."""
    _ring("jobs.tasks.finish", str(picture))


def ring_seal(picture: UUID) -> None:
    """A picture waits to be signed."""
    _ring("jobs.tasks.seal", str(picture))


def ring_small(picture: UUID) -> None:
    """Somebody looks at a gallery, and a picture in it has no small one yet."""
    _ring("jobs.tasks.make_small", str(picture))


def ring_settle() -> None:
    """The ledger is owed entries."""
    _ring("jobs.tasks.settle_pending")


def ring_checkpoints() -> None:
    """Somebody wants the logs signed and time-stamped as they stand now."""
    _ring("jobs.tasks.checkpoints")


def ring_rendition(rendition: UUID) -> None:
    """A rendition waits for its signature."""
    _ring("review.tasks.render", str(rendition))


def ring_description(request: UUID) -> None:
    """A submitted description waits to be screened."""
    _ring("review.tasks.describe", str(request))


def ring_release(release: UUID) -> None:
    """A release waits for its signature."""
    _ring("review.tasks.release", str(release))


def ring_recall(recall: UUID) -> None:
    """Releases are to be withdrawn."""
    _ring("review.tasks.recall", str(recall))


def ring_rehearsal(rehearsal: UUID) -> None:
    """A policy's draft is to be tried on its examples and on past requests."""
    _ring("policies.tasks.rehearse", str(rehearsal))


def ring_question(question: UUID) -> None:
    """Somebody at a page waits to hear what a policy would say."""
    _ring("policies.tasks.answer", str(question))


def ring_portrayal(portrayal: UUID) -> None:
    """A representation report is to be measured."""
    _ring("portrayals.tasks.measure", str(portrayal))
