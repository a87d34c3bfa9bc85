"""The short form of `make fuzz-api`."""

import re
import subprocess
import sys

from django.conf import settings


def test_no_answer_is_a_fault_or_against_the_description() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.studio.api.fuzz", "--examples", "50"],
        cwd=settings.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    found = re.match(r"(\d+) examples over (\d+) operations", done.stdout)
    assert found
    assert int(found[1]) >= 50
    assert int(found[2]) >= 23
