"""A fine-tune in a process of its own: it reports, refusals and deaths are told apart, its parent loads no torch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generation.catalogue import read_model
from generation.errors import ChildDiedError, DeadlineError
from generation.training.child import TrainingChild
from generation.training.errors import DataError
from generation.training.lesson import Lesson
from generation.training.progress import Pace, Reporter
from tests.generation.training.test_finetune import write_manifest

pytestmark = pytest.mark.alone


@pytest.fixture
def lesson(folder_of: Callable[[str], Path], tmp_path: Path) -> Lesson:
    """A lesson for a tiny model."""
    return Lesson(write_manifest(tmp_path), folder_of("stable-diffusion"), tmp_path / "taught", "cooker", steps=3)


def test_it_reports_and_leaves_a_model(lesson: Lesson) -> None:
    with TrainingChild(lesson, threads=1) as child:
        assert os.getpriority(os.PRIO_PROCESS, child.pid) >= os.getpriority(os.PRIO_PROCESS, 0)
        paces = [pace for pace in child.reports(silence_s=120) if pace is not None]
    assert (paces[0].step, paces[-1].step, paces[-1].steps) == (1, 3, 3)
    assert paces[-1].left_s == 0
    assert read_model(lesson.out, id="taught").title == "cooker"


def test_a_refusal_is_no_death(lesson: Lesson) -> None:
    lesson.manifest.write_text('{"file": "a.png"}\n')
    with TrainingChild(lesson, threads=1) as child, pytest.raises(DataError, match="line 1: sha256 is missing"):
        list(child.reports(silence_s=120))
    assert not lesson.out.exists()


def test_a_killed_child_says_by_what(lesson: Lesson) -> None:
    with TrainingChild(lesson, threads=1) as child:
        reports = child.reports(silence_s=120)
        next(reports)
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(ChildDiedError, match="SIGKILL") as death:
            list(reports)
    assert not death.value.permanent


def test_a_silent_child_is_ended(lesson: Lesson) -> None:
    with TrainingChild(lesson, threads=1) as child:
        with pytest.raises(DeadlineError, match="said nothing"):
            list(child.reports(silence_s=0))
        assert not Path(f"/proc/{child.pid}").exists()


def test_a_parent_loads_no_torch() -> None:
    code = "import sys, generation.training.child, generation.training.material; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_reporter_shows_the_first_the_last_and_one_a_second() -> None:
    shown: list[Pace] = []
    now = iter([0.0, 0.5, 1.0, 1.4, 2.0, 2.1])
    reporter = Reporter(6, show=shown.append, clock=lambda: next(now))
    for step in range(1, 7):
        reporter(step, 0.5)
    assert [(pace.step, pace.left_s) for pace in shown] == [(1, None), (3, 1.5), (5, 0.5), (6, 0.0)]
