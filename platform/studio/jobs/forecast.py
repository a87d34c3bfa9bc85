"""How long a request made now would wait, from how long the last ones took. A guess, said as one, or nothing.

It knows neither how many workers there are nor who joins the line; fairness between projects may change one's place.
"""

from dataclasses import dataclass
from statistics import median

from django.db.models import Sum

from studio.jobs.models import Job
from studio.jobs.states import JobState

LOOKED_BACK = 20


@dataclass(frozen=True, slots=True)
class Forecast:
    """Pictures that come first, and how many seconds one of them takes; None where nothing was made yet."""

    pictures_ahead: int
    seconds_a_picture: float | None

    @property
    def wait_minutes(self) -> int | None:
        """Minutes until a request made now is begun, rounded up; 0 where nobody waits."""
        if self.seconds_a_picture is None:
            return None if self.pictures_ahead else 0
        return -(-int(self.pictures_ahead * self.seconds_a_picture) // 60)


def forecast() -> Forecast:
    """For the whole installation, because its workers serve everybody."""
    busy = Job.objects.filter(state__in=[JobState.QUEUED, JobState.GENERATING])
    ahead = busy.aggregate(pictures=Sum("count"))["pictures"] or 0
    done = Job.objects.filter(state=JobState.DONE, started__isnull=False, ended__isnull=False)
    spans = done.order_by("-ended").values_list("started", "ended", "count")[:LOOKED_BACK]
    took = [(ended - started).total_seconds() / count for started, ended, count in spans if started and ended]
    return Forecast(ahead, median(took) if took else None)
