"""A child process that holds a model, seen from its parent.

The parent loads no torch. A model that runs out of memory, crashes or hangs takes the child with it and nothing
else: the next request starts a new one. What runs inside the child is `generation.child_main`.

Invariants:

- One request at a time; what still comes of an abandoned request is read past by its number.
- Closing the iterator cancels: the child stops at its next step and keeps its model.
- When the deadline passes, the child is killed; so no request outlives its time by more than that takes.
- On a machine that does something else, too, the child gives way.
- The child inherits a short list of environment variables and no secret; it ends when its parent does.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Self

from generation.canonical import JSON
from generation.catalogue import ModelEntry
from generation.engine import GeneratedAsset, Reference, Step, Stream
from generation.errors import ChildDiedError, DeadlineError, GenerationError
from generation.frames import BrokenFrameError, Frame, FrameReader, write_frame
from generation.messages import asset_from, error_from, step_from
from generation.priority import give_way
from generation.spec import GenerationSpec

NICENESS = 10
ROOT = Path(__file__).resolve().parent.parent
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CUDA_VISIBLE_DEVICES")


class GenerationChild:
    """An engine in a process of its own; usable as a context manager."""

    def __init__(self, entry: ModelEntry, *, threads: int) -> None:
        self.entry = entry
        self._threads = threads
        self._running: _Running | None = None
        self._requests = 0

    @property
    def pid(self) -> int | None:
        """The process id of the child, or None when none is running."""
        return self._running.pid if self._running is not None and self._running.is_alive() else None

    def start(self) -> None:
        """Start the child, which begins to load its model, unless it runs already."""
        self._alive()

    def generate(self, spec: GenerationSpec, *, deadline_s: float, reference: Reference | None = None) -> Stream:
        """Yield the steps and assets of a spec, as `generation.engine.Engine` says.

        Nothing happens before the first step is asked for; `deadline_s` is in seconds from then, loading included.
        Raises `DeadlineError`, `ChildDiedError`, and what the engine raised in the child: `SpecError`,
        `ModelFolderError`, `OutputError` or `GenerationError`.
        """
        until = monotonic() + deadline_s
        running = self._alive()
        self._requests += 1
        request = self._requests
        running.ask(request, spec, reference)
        try:
            while (item := running.item(request, until)) is not None:
                yield item
        except GeneratorExit:
            running.tell({"kind": "cancel", "request": request})
            raise
        except TimeoutError:
            self.close()
            raise DeadlineError(
                f"Not finished in {deadline_s:g} s; allow more time, or ask for fewer steps or a smaller picture."
            ) from None

    def close(self) -> None:
        """End the child at once; the next request starts another."""
        if self._running is not None:
            self._running.end()
        self._running = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _alive(self) -> "_Running":
        if self._running is None or not self._running.is_alive():
            self.close()
            self._running = _Running(self.entry, threads=self._threads)
        return self._running


class _Running:
    """One child process from its start to its end, and the pipe to it."""

    def __init__(self, entry: ModelEntry, *, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "generation.child_main"],
            cwd=ROOT,
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        give_way(self._process.pid, NICENESS)
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101 - both were asked for
        self._questions, self._answers = self._process.stdin, self._process.stdout
        self._reader = FrameReader(self._answers.fileno())
        self.pid = self._process.pid
        self.tell({"kind": "load", "entry": entry.to_json(), "threads": threads})

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def tell(self, header: Mapping[str, JSON], body: bytes = b"") -> None:
        # When nobody reads any more, the end of the answers says so, and why.
        with suppress(BrokenPipeError, ValueError):
            write_frame(self._questions.fileno(), header, body)

    def ask(self, request: int, spec: GenerationSpec, reference: Reference | None) -> None:
        size = None if reference is None else {"width": reference.width, "height": reference.height}
        header: dict[str, JSON] = {"kind": "generate", "request": request, "spec": spec.to_json(), "reference": size}
        self.tell(header, b"" if reference is None else reference.pixels)

    def item(self, request: int, until: float) -> Step | GeneratedAsset | None:
        """Return the next step or asset of a request, None when it is done."""
        while True:
            frame = self._frame(until)
            # Number 0 is the child itself: it could not load its model, which ends whatever was asked.
            if frame.header["request"] not in {0, request}:
                continue
            match frame.header["kind"]:
                case "step":
                    return step_from(frame)
                case "asset":
                    return asset_from(frame)
                case "done":
                    return None
                case _:
                    raise error_from(frame)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.close()
        self._questions.close()
        self._answers.close()

    def _frame(self, until: float) -> Frame:
        try:
            frame = self._reader.read(until=until)
        except BrokenFrameError as error:
            self._process.kill()
            raise GenerationError(f"The child process broke the language of the pipe ({error}); ask again.") from error
        except ValueError as error:
            raise ChildDiedError("The child process was closed while it worked; ask again.", signal=None) from error
        if frame is None:
            raise _death(self._process.wait())
        return frame


def _death(code: int) -> ChildDiedError:
    if code >= 0:
        return ChildDiedError(f"The child process exited with code {code}; the worker's log says why.", signal=None)
    name = signal.Signals(-code).name
    return ChildDiedError(f"The child process was ended by {name}; if nobody did that, memory ran out.", signal=-code)


def environment(threads: int) -> dict[str, str]:
    """Return the whole environment of a process that computes with `threads` threads beside others."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # Waiting threads that spin take the processor from the other workers' threads.
    return kept | {
        "OMP_WAIT_POLICY": "passive",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
