"""Turn work that pushes values into an iterator that is pulled, and a closed iterator into stopped work.

diffusers calls back after each step; our callers want to loop. The work runs in a thread of its own and never waits
for a slow caller. Closing the iterator makes the work's next `emit` raise, and waits until the work has stopped, so
that whatever it used is free again.
"""

import threading
from collections.abc import Callable, Generator
from queue import SimpleQueue
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Emit: TypeAlias = Callable[[T], None]


class _StopWork(BaseException):
    """Raised inside the work; not an Exception, so that no library on the way mistakes it for a failure."""


class _End:
    """Closes the queue; carries what the work raised, if it did."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def handed_over(work: Callable[[Emit[T]], None]) -> Generator[T, None, None]:
    """Yield what `work` emits, in order; raise what it raises, after what it had emitted before."""
    queue: SimpleQueue[T | _End] = SimpleQueue()
    closed = threading.Event()
    thread = threading.Thread(target=_run, args=(work, queue, closed), name="sampling", daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.failure is not None:
            raise item.failure
    finally:
        closed.set()
        thread.join()


def _run(work: Callable[[Emit[T]], None], queue: "SimpleQueue[T | _End]", closed: threading.Event) -> None:
    def emit(item: T) -> None:
        if closed.is_set():
            raise _StopWork
        queue.put(item)

    try:
        work(emit)
    except _StopWork:
        queue.put(_End(None))
    except BaseException as failure:  # noqa: BLE001 - whatever it is, it belongs to the caller's thread
        queue.put(_End(failure))
    else:
        queue.put(_End(None))
