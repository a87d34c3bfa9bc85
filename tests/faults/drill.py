"""An installation under attack: what people ask of it, who dies meanwhile, and whether every promise held."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from tests.faults.act import act

if TYPE_CHECKING:
    from django.db.models import QuerySet

QUICK = {
    "LEASE_SECONDS": "3",
    "HEARTBEAT_SECONDS": "1",
    "BACKOFF_SECONDS": "0",
    "SWEEP_SECONDS": "1",
    "CHECKPOINT_SECONDS": "2",
}
PATIENCE_SECONDS = 120
LOOK_SECONDS = 0.1
IN_LINE = 3


class Attack(Protocol):
    """Lets somebody die at each of some points (or of something else), and sees through what was asked for."""

    def __call__(self, drill: "Drill", points: Sequence[str], /) -> None:
        """Raises TimeoutError when nobody died at one of them."""


@dataclass
class Figures:
    """What a run showed. `lost`, `early`, `double` and `problems` must stay empty."""

    requests: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    looks: int = 0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.early or self.double or self.problems)


class Drill:
    """One installation, with one worker of each kind."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        from studio.operations.processes import Processes

        self.folder = folder
        self.figures = Figures()
        self.processes = Processes(folder / "logs")
        self.say = say

    def run(self, attacks: Mapping[str, Attack], rounds: int) -> Figures:
        """Every attack `rounds` times."""
        began = time.monotonic()
        with self.processes:
            self.processes.start("control")
            self.processes.start("generate")
            self.processes.start_signing()
            for number in range(rounds):
                for attack, points in groupby(attacks, key=attacks.__getitem__):
                    together = list(points)
                    attack(self, together)
                    held = "held" if self.figures.good else self.figures
                    self.say(f"round {number + 1}  {', '.join(together)}: {held}")
            self.settle()
        self.examine()
        self.figures.seconds = round(time.monotonic() - began, 1)
        return self.figures

    def arm(self, role: str, point: str) -> None:
        """Start a role anew, so that it dies when it comes to that point."""
        self.processes.kill(role)
        self.processes.start(role, environment={"FAULT_POINT": f"{point}:1"})

    def await_death(self, point: str) -> None:
        """Wait until a role has died, as it should at that point. Raises TimeoutError."""
        self.wait(lambda: bool(self.processes.died()), f"nobody died at {point!r}")
        self.killed(point)

    def killed(self, point: str) -> None:
        """Count a death."""
        self.figures.kills[point] = self.figures.kills.get(point, 0) + 1

    def restart(self, role: str) -> None:
        """Kill a role, unless it is dead, and start it again unarmed."""
        self.processes.kill(role)
        self.processes.start(role)

    def line(self) -> list[str]:
        """Requests, one behind the other: whatever one of them meets, those behind it must not suffer."""
        jobs = [act("submit") for _ in range(IN_LINE)]
        ring_again(jobs)
        return jobs

    def picture(self) -> str:
        """A picture that was recorded, for whoever wants to do something with it."""
        from studio.jobs.models import Picture

        job = act("submit")
        self.see_through(job)
        return str(Picture.objects.get(job=job).pk)

    def see_through(self, *jobs: str) -> None:
        """Wait until requests are done and their pictures recorded; anything else is a loss."""
        from studio.jobs.models import Job, Picture
        from studio.jobs.states import VISIBLE, JobState

        for job in jobs:
            self.figures.requests += 1
            done = Job.objects.filter(pk=job, state=JobState.DONE)
            seen = Picture.objects.filter(job=job, state__in=VISIBLE)
            try:
                self.wait(lambda done=done, seen=seen: done.exists() and seen.count() == 1, job)  # type: ignore[misc]
            except TimeoutError:
                made = Picture.objects.filter(job=job).values_list("state", flat=True)
                self.figures.lost.append(f"{job}: {[Job.objects.get(pk=job).state, *made]}")

    def await_row(self, found: "QuerySet[object]", what: str) -> None:
        """Wait until there is such a row; when there is none after long, that is a loss."""
        try:
            self.wait(found.exists, what)
        except TimeoutError:
            self.figures.lost.append(what)

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Poll until `done`, looking for pictures that are visible too early. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            self.look()
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Whatever is visible must have its entry and its file at this moment."""
        self.figures.looks += 1
        self.figures.early += shown_too_early()

    def settle(self) -> None:
        """Wait until the ledger has everything it is owed."""
        from studio.trail.actions import pending

        self.wait(lambda: not pending().exists(), "intents stayed pending")

    def examine(self) -> None:
        """The integrity check, and no second entry about anything."""
        from collections import Counter

        from django.utils import timezone

        from studio import pipeline
        from studio.accounts.models import Organisation
        from studio.audit.integrity import problems

        self.figures.problems += [str(problem) for problem in problems(now=timezone.now())]
        for organisation in Organisation.objects.all():
            kinds = Counter((entry.kind, entry.record) for entry in pipeline.entries(organisation.log) if entry.record)
            self.figures.double += [f"{kind} {record}" for (kind, record), n in kinds.items() if n > 1]


def ring_again(jobs: Sequence[str]) -> None:
    """Hints come twice, in the wrong order, and about what is long done."""
    from studio.jobs import bell
    from studio.jobs.models import Picture

    for picture in Picture.objects.order_by("-changed")[:IN_LINE]:
        bell.ring_seal(picture.pk)
        bell.ring_finish(picture.pk)
    bell.ring_generate()
    for job in reversed(jobs):
        bell.ring_screen(UUID(job))


def shown_too_early() -> list[str]:
    """Of the pictures that became visible last, those that have no entry or no file at this moment."""
    from studio import blobs, pipeline
    from studio.jobs.models import Picture
    from studio.jobs.states import VISIBLE

    early = []
    for picture in Picture.objects.filter(state__in=VISIBLE).order_by("-changed")[:3]:
        log = str(picture.job.project.organisation.log)
        receipt = pipeline.recorded(pipeline.entry_id(log, "picture", str(picture.pk)))
        if receipt is None or not blobs.blob(picture.sha256).exists():
            early.append(str(picture.pk))
    return early
