"""What the train worker, and for lessons the control worker, do when the bell rings."""

from django.utils import timezone

from studio.catalogue import bell, lessons, training
from studio.celery import app


@app.task
def teach() -> None:
    """Teach the lesson that waits longest, then ring for the next; between two a worker can be told to end."""
    lesson = lessons.claim(now=timezone.now())
    if lesson is not None:
        training.train(lesson)
        bell.ring_teach()


@app.task
def sweep() -> None:
    """Take back what a silent worker held, ring for what waits, and clear what nobody needs."""
    lessons.sweep(now=timezone.now())
