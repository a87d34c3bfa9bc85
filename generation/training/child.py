"""A fine-tune in a process of its own, seen from its parent, which loads no torch.

The child is `python -m generation finetune --json` at low priority, so that whoever makes pictures beside it is served
first. It inherits a short list of environment variables and no secret.

Invariants:
- closing kills the child; nothing that it was writing is whole then, so `Lesson.out` should be a name to be renamed;
- a child whose parent is gone ends at its next report, because nobody reads it.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any, Self

from generation.child import environment
from generation.errors import ChildDiedError, DeadlineError
from generation.priority import give_way
from generation.training.errors import DataError
from generation.training.lesson import Lesson
from generation.training.progress import Pace

ROOT = Path(__file__).resolve().parents[2]
NICENESS = 10
GLANCE_S = 0.5


class TrainingChild:
    """One running fine-tune; usable as a context manager."""

    def __init__(self, lesson: Lesson, *, threads: int) -> None:
        self._process = subprocess.Popen(
            _command(lesson), cwd=ROOT, env=environment(threads), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        give_way(self._process.pid, NICENESS)
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)
        self._unread = b""

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def reports(self, *, silence_s: float) -> Iterator[Pace | None]:
        """Yield how far it is, until it has ended well; None about twice a second while there is nothing new.

        Raises DataError for what the library refuses, ChildDiedError when the child was killed or broke down, and
        DeadlineError when it has said nothing for `silence_s` seconds.
        """
        heard, refusal = monotonic(), ""
        while (lines := self._lines()) is not None:
            for line in lines:
                heard = monotonic()
                if "refused" in line:
                    refusal = str(line["refused"])
                else:
                    yield Pace(**line)
            if monotonic() - heard > silence_s:
                self.close()
                raise DeadlineError(f"The training said nothing for {silence_s:g} s and was ended.")
            yield None
        self._judge(refusal)

    def _lines(self) -> list[dict[str, Any]] | None:
        """Return the whole lines that came, after a short wait; None at the end of the child's output."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            if not selector.select(GLANCE_S):
                return []
        if not (data := os.read(self._out, 65_536)):
            return None
        *whole, self._unread = (self._unread + data).split(b"\n")
        return [json.loads(line) for line in whole]

    def _judge(self, refusal: str) -> None:
        code = self._process.wait()
        if refusal:
            raise DataError(refusal)
        if code < 0:
            name = signal.Signals(-code).name
            raise ChildDiedError(f"The training was ended by {name}; if nobody did that, memory ran out.", signal=-code)
        if code:
            raise ChildDiedError(f"The training broke down with code {code}; the worker's log says why.", signal=None)

    def close(self) -> None:
        """End the child at once, if it still runs."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _command(lesson: Lesson) -> list[str]:
    options = {
        "--manifest": lesson.manifest,
        "--model": lesson.model,
        "--out": lesson.out,
        "--concept": lesson.concept,
        "--steps": lesson.steps,
        "--seed": lesson.seed,
    }
    # Written with "=", so that no value is ever taken for an option.
    given = [f"{name}={value}" for name, value in options.items()] + [f"--word={word}" for word in lesson.words]
    return [sys.executable, "-m", "generation", "finetune", "--json", *given]
