"""The train worker as a process: a killed worker's lesson is taken up again, and its trainer does not outlive it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.operations.processes import Processes
from tests.processes import ROOT, children

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]
PATIENCE_S = 240
SETTING_UP = """
import sys
sys.path[:0] = [".", "platform"]
import django; django.setup()
from pathlib import Path
from django.utils import timezone
from studio.operations.installation import prepare
from studio.operations.sample import prepare_sample
from tests.studio.lessons import ask_lesson, open_model
prepare()
now = timezone.now()
ask_lesson(open_model(prepare_sample(at=now), Path(sys.argv[1]), now), now, steps=int(sys.argv[2]))
"""
LOOKING = """
import json, sys, time
sys.path[:0] = [".", "platform"]
import django; django.setup()
from studio.catalogue.models import Lesson
while True:
    lesson = Lesson.objects.select_related("model").get()
    model = lesson.model and lesson.model.state
    print(json.dumps([lesson.state, lesson.step, lesson.attempt, model, lesson.failure]), flush=True)
    time.sleep(0.2)
"""


class Office:
    """An installation of the test's own, with its processes."""

    def __init__(self, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "VAR_DIR": str(folder / "var"),
            "DJANGO_SETTINGS_MODULE": "studio.settings",
            "LEASE_SECONDS": "4",
            "HEARTBEAT_SECONDS": "1",
            "BACKOFF_SECONDS": "0",
            "SWEEP_SECONDS": "1",
            "TRAIN_THREADS": "1",
        }
        self.processes = Processes(folder / "logs", self._environment)

    def run(self, script: str, *arguments: str) -> str:
        """Run a script inside the installation; returns what it printed."""
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait(self, condition: Callable[[list[object]], bool]) -> list[object]:
        """State, step, attempt, the model's state and the failure of the one lesson, once they are as wanted."""
        until = time.monotonic() + PATIENCE_S
        command = [sys.executable, "-c", LOOKING]
        with subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True) as looking:
            assert looking.stdout is not None
            try:
                for line in looking.stdout:
                    if condition(found := json.loads(line)):
                        return list(found)
                    assert time.monotonic() < until, found
                    assert self.processes.died() == []
            finally:
                looking.kill()
        pytest.fail("nobody could look at the lesson")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """It ends with whatever it started."""
    office = Office(tmp_path)
    with office.processes:
        yield office


def test_a_killed_worker_leaves_its_lesson_to_the_next(
    office: Office, tiny_folder: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    office.run(SETTING_UP, str(tiny_folder), "40")
    office.processes.start("control")
    office.processes.start("train")
    office.wait(lambda found: found[0] == "TRAINING" and bool(found[1]))
    worker = office.processes.running["train"]
    trainers = children(worker.pid)
    assert trainers
    # The worker alone, as when memory runs out; the group would take the trainer with it.
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in trainers))
    office.processes.kill("train")
    office.processes.start("train")
    assert office.wait(lambda found: found[0] in {"DONE", "FAILED"}) == ["DONE", 40, 2, "unapproved", ""]
