"""Promise 11, and what a claim costs: a long line of three projects, and who is served in which order.

`python -m tests.promises.backlog SQLite|PostgreSQL` fills a line by copying one request, then claims as workers do.
"""

import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from statistics import median, quantiles
from uuid import uuid4

from tests.promises.figure import Figure, hand_over, judged, together
from tests.promises.place import Database, place

# A project that asks for nearly everything, and two that ask for little.
WAITING = (4000, 650, 350)
CLAIMS = 900
LONG_LINE, MOST_MS = 10_000, 50.0


def main() -> int:
    """Fill, claim, and say what was seen."""
    with place(Database(sys.argv[1]), creators=12):
        return hand_over(together(fairness(), cost()))


def fairness() -> Figure:
    """Claims while all three projects wait: each should be a third, whoever asked for more."""
    from django.utils import timezone

    from studio.jobs import queue

    at = timezone.now()
    for project, count in enumerate(WAITING):
        line_up(project, count, at)
    projects: Counter[object] = Counter()
    people: Counter[object] = Counter()
    for number in range(CLAIMS):
        job = queue.claim(now=at + timedelta(seconds=number))
        assert job is not None
        projects[job.project_id] += 1
        people[job.requester_id] += 1
    off = max(abs(3 * count / CLAIMS - 1) for count in projects.values())
    words = f"{sum(WAITING):,} waited; of {CLAIMS} claims each project's share was within {100 * off:.1f} % of a third"
    words += f", each of {len(people)} people had {min(people.values())} to {max(people.values())}"
    return judged(words, good=off <= 0.1 and len(people) == 12 and len(projects) == 3)


def cost() -> Figure:
    """A claim's time with few and with many in line, in one run."""
    from django.utils import timezone

    from studio.jobs.models import Job
    from studio.jobs.states import JobState

    Job.objects.all().delete()
    at = timezone.now()
    line_up(0, 400, at)
    few = timed(200, at)
    waiting = Job.objects.filter(state=JobState.QUEUED).count()
    for project in range(3):
        line_up(project, -(-(LONG_LINE + 200 - waiting) // 3), at)
    many = timed(200, at)
    words = f"a claim takes {median(few):.1f} ms of 400 in line and {median(many):.1f} ms of {LONG_LINE:,}"
    slowest = quantiles(many, n=100)[98]
    words += f" (99 of 100 within {slowest:.1f} ms)"
    return judged(words, good=slowest <= MOST_MS)


def timed(claims: int, at: datetime) -> list[float]:
    """Milliseconds of each claim."""
    from studio.jobs import queue

    took = []
    for number in range(claims):
        began = time.perf_counter()
        job = queue.claim(now=at + timedelta(seconds=number))
        took.append(1000 * (time.perf_counter() - began))
        assert job is not None
    return took


def line_up(project: int, count: int, at: datetime) -> None:
    """Put so many requests of a project's four people in line: copies of one that was really asked for."""
    from studio.accounts.models import Membership, User
    from studio.jobs.models import Job
    from studio.jobs.states import JobState
    from studio.projects.models import Campaign
    from tests.production.installation import PROJECTS
    from tests.studio.requests import ask

    campaign = Campaign.objects.select_related("project").get(project__slug=PROJECTS[project])
    people = [f"creator-{number}" for number in range(12) if number % 3 == project]
    pattern = ask(campaign, at, actor=User.objects.get(username=people[0]))
    fields = {field.attname: getattr(pattern, field.attname) for field in Job._meta.concrete_fields}
    members = list(Membership.objects.filter(user__username__in=people).values_list("pk", flat=True))
    pattern.delete()
    Job.objects.bulk_create(
        (
            Job(
                **fields
                | {
                    "id": uuid4(),
                    "requester_id": members[number % len(members)],
                    "state": JobState.QUEUED,
                    "rank": at + timedelta(milliseconds=number),
                }
            )
            for number in range(count)
        ),
        batch_size=500,
    )


if __name__ == "__main__":
    raise SystemExit(main())
