"""Kills real processes at every named point: nothing is lost, nothing visible early, nothing recorded twice.

`python -m tests.faults.harness --rounds 1` makes an installation of its own in a temporary folder, with real
workers over the file broker and short leases, and goes through the fault points: arm one, ask for a picture, see
the process die there, start it again unarmed, and wait for the request to reach its end. While it waits it looks,
again and again, for a picture that can be seen without its entry. At the end the integrity check must find nothing.
Exit status 0 only if all of that held; `--json` prints the figures.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Which process dies at which point. `actor` is the one that acts for a person, as the web process does.
POINTS = {
    "submit before commit": "actor",
    "submit after commit": "actor",
    "decision before append": "actor",
    "after claim": "generate",
    "during generation": "generate",
    "after generation": "generate",
    "blob half written": "generate",
    "blob before rename": "generate",
    "blob after rename": "generate",
    "after output check": "control",
    "signed before store": "sign",
    "stored before intent": "sign",
    "intent before append": "sign",
    "appended before recorded": "sign",
    "recorded before notify": "sign",
    "release signed before store": "sign",
    "release stored before intent": "sign",
    "release appended before published": "sign",
    "rendition signed before store": "sign",
    "rendition stored before intent": "sign",
    "rendition appended before shown": "sign",
    "checkpoint before publish": "sign",
}
# Deaths that no point in our own code can bring about.
OTHER_DEATHS = {
    "the model's child is killed": "child",
}
QUICK = {
    "LEASE_SECONDS": "3",
    "HEARTBEAT_SECONDS": "1",
    "BACKOFF_SECONDS": "0",
    "SWEEP_SECONDS": "1",
    "CHECKPOINT_SECONDS": "2",
}
PATIENCE_SECONDS = 120
IN_LINE = 3


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
    """One installation under attack."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        from studio.operations.processes import Processes

        self.figures = Figures()
        self.processes = Processes(folder / "logs")
        self.say = say

    def run(self, points: list[str], rounds: int) -> Figures:
        """Every point `rounds` times."""
        began = time.monotonic()
        with self.processes:
            self.processes.start("control")
            self.processes.start("generate")
            self.processes.start_signing()
            for number in range(rounds):
                for point in points:
                    self.attack(point)
                    self.say(f"round {number + 1}  {point:<28} {'held' if self.figures.good else asdict(self.figures)}")
            self.settle()
        self.examine()
        self.figures.seconds = round(time.monotonic() - began, 1)
        return self.figures

    def attack(self, point: str) -> None:
        """Kill one process at `point`, bring it back, and see the request through."""
        role = {**POINTS, **OTHER_DEATHS}[point]
        if role == "actor":
            self.attack_actor(point)
        elif role == "child":
            self.attack_child()
        elif point.startswith("release"):
            self.attack_release(point)
        elif point.startswith("rendition"):
            self.attack_rendition(point)
        else:
            self.processes.kill(role)
            self.processes.start(role, environment={"FAULT_POINT": f"{point}:1"})
            # One of them meets its death, and nobody knows which; what comes behind it must not suffer.
            jobs = [self.act("submit") for _ in range(IN_LINE)]
            self.wait(lambda: bool(self.processes.died()), f"{role} did not die at {point!r}")
            self.revive(role)
            for job in jobs:
                self.see_through(job)
        self.figures.kills[point] = self.figures.kills.get(point, 0) + 1

    def attack_child(self) -> None:
        """The process that holds the model dies while it works, as when memory runs out."""
        job = self.act("submit", "40")
        self.wait(lambda: bool(self.steps(job)), "the model never began")
        for pid in children(self.processes.running["generate"].pid):
            os.kill(pid, signal.SIGKILL)
        self.see_through(job)

    @staticmethod
    def steps(job: str) -> int:
        """How many steps a request has made."""
        from studio.jobs.models import Job

        return int(Job.objects.values_list("progress", flat=True).get(pk=job))

    def attack_release(self, point: str) -> None:
        """The signing process dies while it releases an approved picture."""
        from studio.jobs.models import Picture
        from studio.jobs.states import PictureState

        job = self.act("submit")
        self.see_through(job)
        self.processes.kill("sign")
        self.processes.start("sign", environment={"FAULT_POINT": f"{point}:1"})
        picture = self.act("release", job)
        self.wait(lambda: bool(self.processes.died()), f"the sign worker did not die at {point!r}")
        self.revive("sign")
        released = Picture.objects.filter(pk=picture, state=PictureState.RELEASED)
        try:
            self.wait(released.exists, picture)
        except TimeoutError:
            self.figures.lost.append(f"{point}: {Picture.objects.get(pk=picture).state}")

    def attack_rendition(self, point: str) -> None:
        """The signing process dies while it makes a rendition of a released picture."""
        from studio.jobs.models import Picture
        from studio.jobs.states import PictureState
        from studio.review.models import Rendition

        job = self.act("submit")
        self.see_through(job)
        picture = self.act("release", job)
        self.wait(Picture.objects.filter(pk=picture, state=PictureState.RELEASED).exists, picture)
        self.processes.kill("sign")
        self.processes.start("sign", environment={"FAULT_POINT": f"{point}:1"})
        rendition = self.act("render", picture)
        self.wait(lambda: bool(self.processes.died()), f"sign did not die at {point!r}")
        self.revive("sign")
        try:
            self.wait(Rendition.objects.filter(pk=rendition, at__isnull=False).exists, rendition)
        except TimeoutError:
            self.figures.lost.append(f"{point}: {Rendition.objects.get(pk=rendition).waiting}")

    def attack_actor(self, point: str) -> None:
        """The process that acts for a person dies: what it had committed goes on, what it had not never was."""
        from studio.jobs.models import Job

        if point == "decision before append":
            job = self.act("submit")
            self.see_through(job)
            killed = killed_at(point, "decide", job)
        else:
            before = Job.objects.count()
            killed = killed_at(point, "submit")
            kept = Job.objects.count() - before
            if kept != (0 if point == "submit before commit" else 1):
                self.figures.lost.append(f"{point}: {kept} requests kept")
            if kept:
                self.see_through(str(Job.objects.latest("submitted").pk))
        if not killed:
            self.figures.problems.append(f"{point}: the acting process lived")

    @staticmethod
    def act(verb: str, *arguments: str) -> str:
        """Do one thing as a person; the id of what it was done to."""
        from tests.faults.act import act

        return act(verb, *arguments)

    def revive(self, role: str) -> None:
        """Start a dead role again, unarmed."""
        self.processes.kill(role)
        self.processes.start(role)

    def see_through(self, job: str) -> None:
        """Wait until a request is done and its picture recorded; anything else is a loss."""
        from studio.jobs.models import Job, Picture
        from studio.jobs.states import VISIBLE, JobState

        self.figures.requests += 1
        done = Job.objects.filter(pk=job, state=JobState.DONE)
        seen = Picture.objects.filter(job=job, state__in=VISIBLE)
        try:
            self.wait(lambda: done.exists() and seen.count() == 1, job)
        except TimeoutError:
            states = [Job.objects.get(pk=job).state, *Picture.objects.filter(job=job).values_list("state", flat=True)]
            self.figures.lost.append(f"{job}: {states}")

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Poll until `done`, looking for pictures that are visible too early."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            self.look()
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.05)

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


def children(pid: int) -> list[int]:
    """The process ids of a process's children (Linux)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def killed_at(point: str, verb: str, *arguments: str) -> bool:
    """Do one thing as a person in a process of its own, which shall die there; whether it did."""
    environment = {**os.environ, "FAULT_POINT": f"{point}:1"}
    command = [sys.executable, "-m", "tests.faults.act", verb, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode not in {0, -signal.SIGKILL}:
        raise RuntimeError(done.stderr)
    return done.returncode == -signal.SIGKILL


def set_up() -> None:
    """Django, on whatever installation the environment names."""
    sys.path.append(str(ROOT / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    import django

    django.setup()


def main() -> int:
    """Run the drill from the command line."""
    parser = argparse.ArgumentParser(
        description="Kill processes at every named point and check every promise.",
        epilog="example: python -m tests.faults.harness --rounds 25",
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--point", action="append", choices=sorted({**POINTS, **OTHER_DEATHS}), help="only this point (may be repeated)"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imprimatur-drill-") as folder:
        os.environ.update({"VAR_DIR": folder, **QUICK})
        set_up()
        from django.utils import timezone

        from studio.operations.installation import prepare
        from studio.operations.sample import prepare_sample

        prepare()
        prepare_sample(at=timezone.now())
        drill = Drill(Path(folder), lambda line: None if options.json else print(line, flush=True))  # noqa: T201
        figures = drill.run(options.point or [*POINTS, *OTHER_DEATHS], options.rounds)
    sys.stdout.write(json.dumps(asdict(figures), indent=None if options.json else 2) + "\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
