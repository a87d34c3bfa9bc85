"""Promise 12: how long after a worker was killed its request is with another, with production's own leases.

`python -m tests.promises.recovery SQLite|PostgreSQL [ROUNDS]`: real workers, killed in the middle of a picture.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.processes import children
from tests.promises.figure import Figure, hand_over, judged
from tests.promises.place import Database, place
from tests.waiting import until

if TYPE_CHECKING:
    from studio.operations.processes import Processes

ROUNDS = 5
GRACE_SECONDS = 15
PATIENCE_SECONDS = 240


def main() -> int:
    """Kill as often as is asked for."""
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with place(Database(sys.argv[1]), creators=1, manned=True):
        return hand_over(recovered(rounds))


def recovered(rounds: int) -> Figure:
    """The longest time from a death to the next claim of the same request."""
    from django.conf import settings

    from studio.operations.processes import Processes

    took = []
    with Processes(Path(os.environ["VAR_DIR"]) / "logs") as processes:
        processes.start("screen")
        processes.start("sweep")
        for number in range(rounds):
            took.append(one(processes, f"generate-{number}"))
    words = f"{len(took)} deaths, the request was with another worker after {min(took):.0f} to {max(took):.0f} s"
    words += f" (lease {settings.LEASE_SECONDS:g} s)"
    return judged(words, good=max(took) <= settings.LEASE_SECONDS + GRACE_SECONDS, enough=rounds >= ROUNDS)


def one(processes: "Processes", name: str) -> float:
    """Ask, kill whoever makes it, start another; seconds until that one has the claim."""
    from django.utils import timezone

    from studio.accounts.models import User
    from studio.jobs.models import Job
    from studio.jobs.states import JobState
    from studio.projects.models import Campaign
    from tests.studio.requests import ask

    processes.start("generate", "--name", name, name=name)
    campaign, actor = Campaign.objects.select_related("project")[0], User.objects.get(username="creator-0")
    job = ask(campaign, timezone.now(), actor=actor, steps=60, count=4)

    def now() -> Job:
        if died := processes.died():
            raise RuntimeError(f"{', '.join(died)} ended by itself")
        return Job.objects.get(pk=job.pk)

    until(lambda: now().progress > 0, within_s=PATIENCE_SECONDS)
    began, attempt = time.monotonic(), now().attempt
    model = children(processes.running[name].pid)
    processes.kill(name)
    for pid in model:
        until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), within_s=PATIENCE_SECONDS)
    processes.start("generate", "--name", f"{name}-next", name=f"{name}-next")
    until(lambda: now().attempt > attempt and now().state == JobState.GENERATING, within_s=PATIENCE_SECONDS)
    took = time.monotonic() - began
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    until(lambda: now().state == JobState.CANCELLED, within_s=PATIENCE_SECONDS)
    processes.kill(f"{name}-next")
    return took


if __name__ == "__main__":
    raise SystemExit(main())
