"""The timetable goes on when the clock of its process is stepped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clock import Clock
from tests.processes import ROOT
from tests.waiting import until

# Rings two lines three times a second and writes them down, until it is ended.
SCRIPT = """
import sys, time
sys.path.append("platform")
from celery import Celery
from studio.scheduler import Scheduler

class Rings(Scheduler):
    def apply_async(self, entry, producer=None, advance=True, **kwargs):
        self.reserve(entry)
        print(entry.name, flush=True)

app = Celery("timetable", broker="memory://")
app.conf.beat_schedule = {name: {"task": name, "schedule": 0.3} for name in ("one", "other")}
timetable = Rings(app)
while True:
    time.sleep(max(0, min(timetable.tick(), 0.1)))
"""


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_whatever_is_due_is_rung_after_a_step(seconds: int, tmp_path: Path) -> None:
    clock, rung = Clock(tmp_path), tmp_path / "rung"
    with rung.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT], cwd=ROOT, env={**os.environ, **clock.environment}, stdout=file
        )

    def times() -> list[int]:
        lines = rung.read_text(encoding="utf-8").split()
        return [lines.count(name) for name in ("one", "other")]

    try:
        until(lambda: min(times()) >= 2, within_s=60)
        with clock.stepped(seconds):
            before = times()
            until(lambda: min(times()) >= max(before) + 3, within_s=60)
            before = times()
        until(lambda: min(times()) >= max(before) + 3, within_s=60)
    finally:
        process.kill()
        process.wait()
