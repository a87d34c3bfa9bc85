"""The timetable of the sweeping worker on machines whose disks fill and whose clocks are stepped."""

import logging
import time
from typing import Any

from celery import beat

logger = logging.getLogger(__name__)
STEP_SECONDS = 1.0


class Scheduler(beat.Scheduler):  # type: ignore[misc]
    """Celery's in-memory scheduler: everything in the timetable comes again soon, so nothing is remembered in a file.

    The scheduler with a file ends when that cannot be written, and the worker lives on without one. Either reckons in
    wall clock time: after a step back of an hour nothing would be due for an hour. This one begins anew then.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ahead = _ahead()
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Ring whatever is due; returns how many seconds nothing else is."""
        before, self._ahead = self._ahead, _ahead()
        if abs(self._ahead - before) > STEP_SECONDS:
            logger.warning("the clock was stepped by %.0f seconds; the timetable begins anew", self._ahead - before)
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None
        return super().tick(*args, **kwargs)

    def apply_async(self, entry: Any, producer: Any = None, **kwargs: Any) -> Any:
        """Ring over the application's connections, which are made anew when they break.

        The one that Celery's scheduler keeps for itself stays broken when RabbitMQ was restarted.
        """
        return super().apply_async(entry, producer=None, **kwargs)


def _ahead() -> float:
    """How far the wall clock is ahead of one that nobody steps."""
    return time.time() - time.monotonic()
