"""`manage.py up` starts every role and leaves none behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests.ports import free_port
from tests.processes import children


@pytest.mark.broker
@pytest.mark.timeout(240)
def test_up_ends_its_roles_even_when_told_twice(
    tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    command = [sys.executable, str(settings.ROOT / "manage.py"), "up", "--port", str(free_port())]
    with (tmp_path / "log").open("wb") as log:
        up = subprocess.Popen(command, env={**os.environ, "VAR_DIR": str(tmp_path / "var")}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 150
        while len(children(up.pid)) < 6:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.1)
        roles = children(up.pid)
        up.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        up.send_signal(signal.SIGTERM)
        assert up.wait(timeout=40) == 0, (tmp_path / "log").read_text()
    finally:
        left = children(up.pid)
        up.kill()
        up.wait()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in roles))


@pytest.mark.broker
@pytest.mark.timeout(60)
def test_a_killed_worker_leaves_no_scheduler_behind(
    tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    command = [sys.executable, str(settings.ROOT / "manage.py"), "worker", "control"]
    with (tmp_path / "log").open("wb") as log:
        worker = subprocess.Popen(command, env={**os.environ, "VAR_DIR": str(tmp_path / "var")}, stdout=log, stderr=log)
    try:
        wait_until(lambda: bool(children(worker.pid)))
        scheduler = children(worker.pid)
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in scheduler))
