"""A pytest session that stays warm: every test once without a change, then each change in a fork of it.

- Fixtures of the session (keys, servers, Django's tables) are made once, by the first run; the forks inherit them.
- Each change meets the tests that run its statement, those of the quickest file first, and the first that fails has
  noticed it. A table of a module meets all tests.
- A test that fails without any change, in the first run or in a fork, counts for nothing, and is named.
- Every fork finds Django's database as the first run left it.
"""

import contextlib
import gc
import inspect
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from coverage import Coverage

from tests.mutation.making import ROOT, Mutant
from tests.mutation.memory import digest
from tests.mutation.swapping import Functions, NotMadeError, functions, swap

_PATIENCE = 5  # times as long as without a change
_LEAST_SECONDS = 10.0
_ENDED = {"failed": "the process ended"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a fork ended: the test that failed (`time` when it did not end), or why the change could not be made."""

    failed: str = ""
    not_made: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Warm:
    """The plugin; `work` is called with it when everything is warm."""

    paths: Sequence[str]
    work: Callable[["Warm"], None]
    seconds: dict[str, float] = field(default_factory=dict)
    failing: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    _sound: list[str] = field(default_factory=list)
    _items: dict[str, pytest.Item] = field(default_factory=dict)
    _lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    _database: Path | None = None
    _known: Functions = field(default_factory=dict)

    def pytest_sessionstart(self) -> None:
        """The same examples each time, none from earlier runs, and no time spent on making a failing one smaller."""
        from hypothesis import Phase, settings  # pytest wants to see it first

        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutation", deadline=None, derandomize=True, database=None, phases=phases)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own loop."""
        if session.testsfailed:
            raise session.Interrupted("tests cannot be collected")
        self._run_all(session)
        self._rest()
        self._known = functions({str(ROOT / path) for path in self.paths})
        gc.collect()
        gc.freeze()  # a fork copies what its collector touches
        self.work(self)
        return True

    def tests(self, mutant: Mutant, among: Sequence[str]) -> list[str]:
        """The tests that run the changed statement, of the quickest file first, among those whose names begin so."""
        lines = self._lines.get(str(ROOT / mutant.path), {})
        met = {name for line in mutant.lines for name in lines.get(line, ())}
        asked = [name for name in self.seconds if name.startswith(tuple(among))]
        return [name for name in asked if mutant.once or name in met]

    def texts(self) -> dict[str, str]:
        """The digest of each test's own lines, by its name."""
        return {name: digest(_text(item)) for name, item in self._items.items()}

    def attempt(self, mutant: Mutant, after: str, tests: Sequence[str]) -> Attempt:
        """Make the change in a fork and run the tests there until one fails that does not fail without it."""
        while True:
            sound = [name for name in tests if name not in self.unsound]
            found = self._forked(sound, lambda: swap(mutant.path, mutant.whole.code, after, self._known))
            if found.failed not in self.seconds or self._is_sound(found.failed):
                return found

    def _is_sound(self, name: str) -> bool:
        """Whether a test passes in a fork without any change; asked once of those that noticed one."""
        if name not in self._sound:
            passes = not self._forked([name], lambda: None).failed
            (self._sound if passes else self.unsound).append(name)
        return name in self._sound

    def _run_all(self, session: pytest.Session) -> None:
        files = [str(ROOT / path) for path in self.paths]
        measuring = Coverage(data_file=None, config_file=False, include=files, messages=False)
        passed = {}
        for place, item in enumerate(session.items):
            measuring.start()  # for each anew: a test that traces by itself ends what was there before
            measuring.switch_context(item.nodeid)
            follows = session.items[place + 1] if place + 1 < len(session.items) else session
            begun = time.monotonic()
            reports = runtestprotocol(item, log=True, nextitem=follows)  # type: ignore[arg-type]
            measuring.stop()
            if any(report.failed for report in reports):
                self.failing.append(item.nodeid)
            elif not any(report.skipped for report in reports):
                passed[item.nodeid] = time.monotonic() - begun
                self._items[item.nodeid] = item
        self.seconds = _quickest_file_first(passed)
        data = measuring.get_data()
        self._lines = {file: data.contexts_by_lineno(file) for file in files}

    def _rest(self) -> None:
        """Close what a fork must not share, and keep a copy of Django's database."""
        from django.conf import settings
        from django.db import connection, connections

        if not settings.configured:
            return
        connections.close_all()
        name = Path(str(connection.settings_dict["NAME"]))
        if connection.vendor == "sqlite" and name.suffix == ".test" and name.exists():
            self._database = name
            shutil.copyfile(name, name.with_suffix(".kept"))

    def _restore(self) -> None:
        if self._database is not None:
            for rest in ("-wal", "-shm"):
                self._database.with_name(self._database.name + rest).unlink(missing_ok=True)
            shutil.copyfile(self._database.with_suffix(".kept"), self._database)

    def _forked(self, tests: Sequence[str], change: Callable[[], None]) -> Attempt:
        self._restore()
        patience = _LEAST_SECONDS + _PATIENCE * sum(self.seconds[name] for name in tests)
        begun = time.monotonic()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._try(change, tests, writing)
        os.close(writing)
        said = _heard(reading, child, patience)
        return Attempt(**said, seconds=round(time.monotonic() - begun, 2))

    def _try(self, change: Callable[[], None], tests: Sequence[str], writing: int) -> None:
        """In the fork, which ends here whatever happens."""
        said = _ENDED
        try:
            os.setsid()
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silence, stream)
            said = _made(change) or {"failed": self._first_failing(tests)}
        finally:
            os.write(writing, json.dumps(said).encode())
            os._exit(0)

    def _first_failing(self, tests: Sequence[str]) -> str:
        items = [self._items[name] for name in tests]
        for item, follows in zip_longest(items, items[1:]):
            reports = runtestprotocol(item, log=False, nextitem=follows or item.session)
            if any(report.failed for report in reports):
                return item.nodeid
        return ""


def _quickest_file_first(seconds: dict[str, float]) -> dict[str, float]:
    """In the order in which they came within a file, so that its fixtures are made once."""
    files: dict[str, list[float]] = {}
    for name, taken in seconds.items():
        files.setdefault(name.partition("::")[0], []).append(taken)
    mean = {file: sum(taken) / len(taken) for file, taken in files.items()}
    return dict(sorted(seconds.items(), key=lambda one: mean[one[0].partition("::")[0]]))


def _heard(reading: int, child: int, patience: float) -> dict[str, str]:
    """What the fork said; its whole group is ended when it says nothing for too long."""
    ready, _, _ = select.select([reading], [], [], patience)
    data = os.read(reading, 1 << 16) if ready else b""
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not ready:
        return {"failed": "time"}
    said: dict[str, str] = json.loads(data) if data else _ENDED
    return said


def _made(change: Callable[[], None]) -> dict[str, str]:
    """Nothing, or why the change could not be made; that is never taken for a test that noticed it."""
    try:
        change()
    except NotMadeError as error:
        return {"not_made": str(error)}
    except Exception as error:  # noqa: BLE001  a text that does not compile, for instance
        return {"not_made": repr(error)}
    return {}


def _text(item: pytest.Item) -> str:
    function = getattr(item, "function", None)
    return inspect.getsource(inspect.unwrap(function)) if function is not None else item.name
