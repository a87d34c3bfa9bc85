"""The short form of `make production-demo`: production's engines and settings; what is killed, and what goes away."""

import json
import subprocess
import sys

import pytest

from tests.production.drill import DEATHS
from tests.production.engines import ROOT

# One thing that swallows, one that dies, one that lies, and time.
SHORT = (
    "the broker swallows everything",
    "the database dies",
    "the storage answers 500",
    "clocks go back an hour",
)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_nothing_is_lost_on_productions_engines_while_processes_die_and_engines_go_away() -> None:
    command = [sys.executable, "-m", "tests.production", "--seconds", "30", "--submitters", "1", "--workers", "2"]
    command += [word for name in SHORT for word in ("--outage", name)]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["killed"] == [name for name, _ in DEATHS]
    assert report["pictures"] > report["accepted"] > 0
    assert [seen["name"] for seen in report["outages"]] == list(SHORT)
    assert report["looks"] > 0
