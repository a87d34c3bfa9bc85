"""How throughput grows from one worker to three, with a model whose step only waits.

`python -m tests.production.scaling`: on production's engines, as long a line for each worker in every run. Claims,
heartbeats, quarantine and rows are the real ones; the screens and seals of the pictures run meanwhile, as in service.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.processes import set_up
from tests.production.engines import ROOT, engines
from tests.production.installation import fill, settings
from tests.production.sleeper import READY
from tests.waiting import until

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from studio.jobs.models import Job

STEPS = 10
PATIENCE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Run:
    """What so many workers made of a line, in seconds from the moment it was opened to the last picture made.

    `cpu` is what each part took of the processor until the last picture was recorded, in seconds.
    """

    workers: int
    pictures: int
    seconds: float
    cpu: dict[str, float]

    @property
    def per_second(self) -> float:
        """Pictures."""
        return self.pictures / self.seconds


def main() -> int:
    """Measure from the command line; exit status 1 where three workers do less than 2.8 times what one does."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.production.scaling",
        description=__doc__.partition("\n")[0],
        epilog="example: python -m tests.production.scaling --each 8 --step 0.5",
    )
    parser.add_argument("--each", type=int, default=8, help="pictures for each worker (default: %(default)s)")
    parser.add_argument("--step", type=float, default=0.5, help="seconds a step (default: %(default)s)")
    parser.add_argument("--most", type=int, default=3, help="workers at most (default: %(default)s)")
    parser.add_argument("--goal", type=float, default=2.8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="imprimatur-scaling-") as name,
        engines(Path(name)) as started,
    ):
        os.environ.update({**started.environment, **settings(Path(name), quick=False)})
        set_up()
        fill(creators=3)
        runs = [measured(Path(name), workers, options.each, options.step) for workers in range(1, options.most + 1)]
    times = runs[-1].per_second / runs[0].per_second
    if options.json:
        sys.stdout.write(json.dumps({"runs": [asdict(run) for run in runs], "times": round(times, 2)}) + "\n")
    else:
        for run in runs:
            cpu = ", ".join(f"{part} {seconds / run.pictures:.2f}" for part, seconds in run.cpu.items())
            sys.stdout.write(f"{run.workers} workers: {run.pictures} pictures in {run.seconds:.1f} s; ")
            sys.stdout.write(f"processor seconds a picture: {cpu}\n")
        sys.stdout.write(f"{options.most} workers do {times:.2f} times what one does (goal {options.goal:g})\n")
    return int(times < options.goal)


def measured(folder: Path, workers: int, each: int, step: float) -> Run:
    """Line up, then start so many workers at once, and wait for the last of them."""
    from django.utils import timezone

    from studio.jobs import bell
    from studio.jobs.models import Picture
    from studio.jobs.states import JobState, PictureState
    from studio.operations.processes import Processes

    with Processes(folder / "logs") as processes:
        for role in ("screen", "sweep", "sign"):
            processes.start(role)
        mine = line_up(workers * each)
        until(lambda: not mine().exclude(state=JobState.QUEUED).exists(), within_s=PATIENCE_SECONDS)
        # Nobody may begin before everybody is there: what is measured is the work, not the start.
        mine().update(not_before=timezone.now() + timedelta(days=1))
        sleepers = {name: start(folder, name, step) for name in (f"sleeper-{workers}-{n}" for n in range(workers))}
        try:
            for name in sleepers:
                until(lambda name=name: is_ready(folder, name), within_s=PATIENCE_SECONDS)
            parts = {
                "work": [sleeper.pid for sleeper in sleepers.values()],
                **{role: [process.pid] for role, process in processes.running.items()},
                "database": [database_pid(folder)],
            }
            before, opened = used(parts), timezone.now()
            mine().update(not_before=None)
            for _ in sleepers:
                bell.ring_generate()
            until(lambda: not mine().exclude(state=JobState.DONE).exists(), within_s=PATIENCE_SECONDS)
            recorded = Picture.objects.filter(job__in=mine(), state=PictureState.RECORDED)
            until(lambda: recorded.count() == workers * each, within_s=PATIENCE_SECONDS)
            after = used(parts)
        finally:
            for sleeper in sleepers.values():
                sleeper.kill()
                sleeper.wait()
    last = max(mine().values_list("ended", flat=True))
    cpu = {part: round(after[part] - before[part], 2) for part in after}
    return Run(workers, workers * each, (last - opened).total_seconds(), cpu)


def is_ready(folder: Path, name: str) -> bool:
    """Whether a worker has said that it waits for work."""
    log = folder / "logs" / f"{name}.log"
    return log.exists() and READY in log.read_text(encoding="utf-8")


def database_pid(folder: Path) -> int:
    """PostgreSQL's first process, which starts all others."""
    return int((folder / "postgresql" / "postmaster.pid").read_text().splitlines()[0])


def used(parts: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Seconds of a processor that each part has taken, with its children; `engines` are the others that we started."""
    known = {part: _families(pids) for part, pids in parts.items()}
    named = {process.pid for family in known.values() for process in family}
    others = [process for process in psutil.Process().children(recursive=True) if process.pid not in named]
    return {part: sum(map(_seconds, family)) for part, family in {**known, "engines": others}.items()}


def _families(pids: Sequence[int]) -> list[psutil.Process]:
    first = [psutil.Process(pid) for pid in pids]
    return [*first, *(child for process in first for child in process.children(recursive=True))]


def _seconds(process: psutil.Process) -> float:
    """What a process took, and those of its children that are gone."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


def line_up(count: int) -> "Callable[[], QuerySet[Job]]":
    """Ask for so many pictures, from all projects in turn; returns how to look at them."""
    from django.utils import timezone

    from studio.accounts.models import User
    from studio.jobs.models import Job
    from studio.projects.models import Campaign
    from tests.studio.requests import ask

    campaigns, actor = list(Campaign.objects.select_related("project")), User.objects.get(username="creator-0")
    asked = [
        ask(campaigns[number % len(campaigns)], timezone.now(), actor=actor, steps=STEPS, seed=number).pk
        for number in range(count)
    ]
    return lambda: Job.objects.filter(pk__in=asked)


def start(folder: Path, name: str, step: float) -> "subprocess.Popen[bytes]":
    """One worker whose model only waits."""
    command = [sys.executable, "-m", "tests.production.sleeper", name, str(step)]
    with (folder / "logs" / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TRUST_PASSPHRASE": ""}, stdout=log, stderr=log)


if __name__ == "__main__":
    raise SystemExit(main())
