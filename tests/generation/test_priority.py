"""A process that gives way does so within its session and as a session."""

import os
import subprocess
import sys
from pathlib import Path

from generation import GenerationChild
from generation.child import NICENESS
from generation.priority import give_way


def standing(pid: int) -> tuple[int, str]:
    """Its niceness, and its session's, as the kernel tells them; "" where sessions share nothing out (cgroups)."""
    group = Path(f"/proc/{pid}/autogroup")
    told = group.read_text(encoding="ascii").split() if group.exists() else []
    return os.getpriority(os.PRIO_PROCESS, pid), told[-1] if told else ""


def test_a_process_and_its_session_give_way() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as process:
        give_way(process.pid, 7)
        nice, session = standing(process.pid)
        process.kill()
    assert (nice, session) in {(7, "7"), (7, "")}


def test_a_session_of_others_is_left_as_it_is() -> None:
    before = standing(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        give_way(process.pid, 7)
        nice, session = standing(process.pid)
        process.kill()
    assert (nice, session) == (7, before[1])


def test_the_child_that_holds_the_model_gives_way(shared_child: GenerationChild) -> None:
    shared_child.start()
    assert shared_child.pid is not None
    assert standing(shared_child.pid)[0] == NICENESS


def test_a_process_that_is_gone_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        give_way(process.pid, 7)
