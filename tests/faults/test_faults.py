"""Each kind of process is killed where it writes, and the disk runs full: the short form of `make faults`."""

import json
import subprocess
import sys

import pytest

from studio.faults import POINTS
from tests.faults import full
from tests.faults.attacks import POINTS as ATTACKED
from tests.processes import ROOT

SHORT = (
    "submit after commit",
    "during generation",
    "stored before intent",
    "appended before recorded",
    "release appended before published",
    "the model's child is killed",
)


def test_the_drill_knows_every_point() -> None:
    assert ATTACKED.keys() == POINTS


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_nothing_is_lost_early_or_double_when_processes_die() -> None:
    chosen = [word for point in SHORT for word in ("--point", point)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.harness", "--json", *chosen],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["kills"] == dict.fromkeys(SHORT, 1)
    assert figures["looks"] > 0


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_full_disk_is_told_and_heals() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.full", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode == full.CANNOT:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["asked"] > len(seen["accepted"]) > 0, "some were told to come again"
