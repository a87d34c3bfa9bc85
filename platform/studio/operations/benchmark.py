"""What the frame costs, as ratios measured in one run: starting up, and the way through the embedded broker.

The libraries have benchmarks of their own (`python -m generation bench`, `python -m provenance bench`). Figures
depend on the machine and on what else it does; ratios less so, and only they are compared with a goal.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache

from studio.celery import ring
from studio.operations.processes import Processes

BARE = """
import sys, django
from django.conf import settings
apps = ["admin", "auth", "contenttypes", "sessions", "messages"]
processors = ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
              "django.contrib.messages.context_processors.messages"]
settings.configure(
    INSTALLED_APPS=["django.contrib." + app for app in apps],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    SECRET_KEY="bare", ROOT_URLCONF="bare_urls",
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
                "OPTIONS": {"context_processors": processors}}])
from django.core.management import execute_from_command_line
execute_from_command_line(["bare", "check"])
"""
BARE_URLS = (
    "from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path('admin/', admin.site.urls)]\n"
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure beside its goal."""

    name: str
    value: float
    unit: str
    goal: float

    @property
    def met(self) -> bool:
        """Whether the figure is at most the goal."""
        return self.value <= self.goal


def measures(*, rounds: int) -> Iterator[Measure]:
    """Start-up against a bare Django, then the round trip through the broker.

    Raises RuntimeError when a process fails.
    """
    yield Measure("manage.py check / bare Django's", round(start_ratio(rounds), 2), "x", 2.0)
    yield Measure("embedded broker, round trip", round(round_trip_ms(rounds * 5), 1), "ms", 50.0)


def start_ratio(rounds: int) -> float:
    """Median time of `manage.py check` over that of the same command in a Django with nothing but its admin."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bare_urls.py").write_text(BARE_URLS, encoding="utf-8")
        ours, bare = [], []
        for _ in range(rounds):
            bare.append(_seconds([sys.executable, "-c", BARE], cwd=Path(folder)))
            ours.append(_seconds([sys.executable, str(settings.ROOT / "manage.py"), "check"], cwd=settings.ROOT))
    return median(ours) / median(bare)


def _seconds(command: list[str], *, cwd: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return time.perf_counter() - began


def round_trip_ms(rounds: int) -> float:
    """Median milliseconds from ringing to the worker's answer, over the configured broker."""
    with Processes(settings.VAR / "bench") as processes:
        processes.start("control")
        ask(patience=60)
        return median(ask(patience=10) for _ in range(rounds)) * 1000


def ask(*, patience: float) -> float:
    """Ring once and wait for the answer; returns seconds. Raises TimeoutError."""
    question = str(uuid4())
    began = time.perf_counter()
    ring("studio.jobs.tasks.answer", question)
    while not cache.get(f"answer-{question}"):
        if time.perf_counter() - began > patience:
            raise TimeoutError("no worker answered; is `control` running?")
        time.sleep(0.001)
    return time.perf_counter() - began
