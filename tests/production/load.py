"""Puts load on a running fleet with locust, in a process of its own, and reads what it measured."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.production.engines import ROOT
from tests.production.fleet import Fleet
from tests.production.installation import Site

USERS = Path(__file__).with_name("users.py")


@dataclass(frozen=True, slots=True)
class Rates:
    """How many users of each kind there are; `users.py` says how often each of them asks."""

    submitters: int
    checkers: int
    lookers: int

    @property
    def users(self) -> int:
        """All of them."""
        return self.submitters + self.checkers + self.lookers


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to one kind of request. Times are in milliseconds from the caller's side, through the proxy."""

    asked: int
    failed: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@contextmanager
def load(fleet: Fleet, site: Site, files: list[Path], rates: Rates, folder: Path) -> Iterator["Load"]:
    """Load while the block runs; it may wait for the end with `Load.end`."""
    folder.mkdir(exist_ok=True)
    told = {
        "address": fleet.address,
        "root": str(fleet.root),
        "files": [str(file) for file in files],
        "tokens": site.tokens,
        "sessions": site.sessions,
        "submitters": rates.submitters,
        "checkers": rates.checkers,
        "lookers": rates.lookers,
    }
    (folder / "site.json").write_text(json.dumps(told), encoding="utf-8")
    under_way = Load(folder, rates)
    try:
        yield under_way
    finally:
        under_way.stop()


class Load:
    """One run of locust."""

    def __init__(self, folder: Path, rates: Rates) -> None:
        self._folder, self._rates = folder, rates
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: int) -> None:
        """Begin; it ends by itself after so many seconds."""
        program = shutil.which("locust", path=str(Path(sys.executable).parent))
        if program is None:
            raise RuntimeError("locust is not installed; `make` installs it from requirements-dev.txt")
        most = str(self._rates.users)
        command = [program, "--headless", "--locustfile", str(USERS), "--users", most, "--spawn-rate", most]
        command += ["--run-time", f"{seconds}s", "--stop-timeout", "20", "--csv", str(self._folder / "load")]
        command += ["--only-summary", "--exit-code-on-error", "0", "--reset-stats"]
        with (self._folder / "locust.log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "LOAD_SITE": str(self._folder / "site.json"), "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
            )

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self._process is not None and self._process.poll() is None

    def end(self) -> Mapping[str, Answers]:
        """Wait for the end; what was answered, by kind. Raises RuntimeError where locust itself failed."""
        assert self._process is not None
        if self._process.wait():
            raise RuntimeError((self._folder / "locust.log").read_text()[-2000:])
        with (self._folder / "load_stats.csv").open(newline="", encoding="utf-8") as file:
            rows = {row["Name"]: row for row in csv.DictReader(file) if row["Name"] != "Aggregated"}
        return {name: _answers(row) for name, row in sorted(rows.items())}

    def failures(self) -> dict[str, int]:
        """How often each error came, by its words."""
        with (self._folder / "load_failures.csv").open(newline="", encoding="utf-8") as file:
            return {f"{row['Name']}: {row['Error']}": int(row["Occurrences"]) for row in csv.DictReader(file)}

    def stop(self) -> None:
        """End it now, if it goes on."""
        if self._process is not None and self.is_running:
            self._process.terminate()
            self._process.wait(60)


def _answers(row: Mapping[str, str]) -> Answers:
    return Answers(
        asked=int(row["Request Count"]),
        failed=int(row["Failure Count"]),
        per_second=round(float(row["Requests/s"]), 1),
        p50_ms=float(row["50%"]),
        p95_ms=float(row["95%"]),
        p99_ms=float(row["99%"]),
    )
