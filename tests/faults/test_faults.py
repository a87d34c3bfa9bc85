"""Processes are killed at every named point; the short form of `make faults`."""

import json
import subprocess
import sys

import pytest

from studio.faults import POINTS
from tests.faults import harness


def test_the_drill_knows_every_point() -> None:
    assert harness.POINTS.keys() == POINTS


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_nothing_is_lost_early_or_double_when_processes_die() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.harness", "--json"],
        capture_output=True,
        text=True,
        cwd=harness.ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["kills"].keys() == {*POINTS, *harness.OTHER_DEATHS}
    assert figures["looks"] > 0
