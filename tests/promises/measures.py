"""How each promise is measured: a command of its own, whose output is read into a figure.

Each is told the database, and whether it may take hours for as many cases as were promised.
"""

import json
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.production.engines import BROKERS
from tests.production.rabbitmq import installed
from tests.promises.figure import Figure, judged, taken_over, together
from tests.promises.killing import survived
from tests.promises.place import Database, databases
from tests.promises.running import run
from tests.promises.tested import tested

Measure = Callable[[Database, bool], Figure]


def shown_by(*names: str) -> Measure:
    """Tests that show the promise."""
    return lambda database, long: tested(database, *names)


def by_module(name: str, *, line: int = 0) -> Measure:
    """A module of this package, which prints its figures; `line` says which of them."""

    def measure(database: Database, long: bool) -> Figure:
        done = run([f"tests.promises.{name}", database.value])
        found = taken_over(done.stdout)
        if len(found) <= line:
            return judged(f"it ended with {done.returncode}: {done.stderr.strip()[-200:]}", good=False)
        return found[line]

    return measure


def drilled(broker: str, *, long: bool) -> Figure:
    """Promises 1 and 2 on production's engines: a process of each kind and the broker die under load."""
    done = run(["tests.production", "--broker", broker, "--seconds", "180" if long else "60", "--json"])
    if not done.stdout.strip():
        return judged(f"with {broker} it ended with {done.returncode}: {done.stderr.strip()[-200:]}", good=False)
    seen = json.loads(done.stdout.splitlines()[-1])
    words = (
        f"with {broker} and S3 storage {seen['accepted']} requests and {len(seen['killed'])} deaths, the broker's among"
    )
    words += f" them: {len(seen['lost'])} lost, {len(seen['problems'])} disagreements, {len(seen['early'])} of"
    words += f" {seen['looks']} looks too early"
    good = not (seen["lost"] or seen["early"] or seen["problems"] or done.returncode)
    return judged(words, good=good)


def ended(database: Database, long: bool) -> Figure:
    """Promise 1: the drill of fault points, and on PostgreSQL production's engines with every broker that there is."""
    figures = [survived(database, long)]
    if database == Database.POSTGRESQL:
        brokers = [broker for broker in BROKERS if broker != "rabbitmq" or installed()]
        figures += [drilled(broker, long=long) for broker in brokers]
    return together(*figures)


def tampering(database: Database, long: bool) -> Figure:
    """Promise 5: on both databases in one run, which must agree."""
    done = run(["tests.provenance.tampering"])
    first = done.stdout.splitlines()[0] if done.stdout else done.stderr[-200:]
    return judged(first.rstrip("."), good=done.returncode == 0)


def separation(database: Database, long: bool) -> Figure:
    """Promise 14: random steps of people who try."""
    steps = 5000 if long else 150
    return tested(
        database,
        "tests/studio/review/test_separation.py",
        "tests/studio/review/test_races.py",
        environment={"STEPS": str(steps)},
        enough=long,
    )


@cache
def under_load(database: Database, long: bool) -> dict[str, Any]:
    """What production's engines bear: 50 submits, 20 checks and 20 galleries a second, without anybody dying."""
    rates = ["--submitters", "50", "--checkers", "44", "--lookers", "20", "--no-kills", "--no-drain", "--unhurried"]
    done = run(["tests.production", *rates, "--seconds", "300" if long else "60", "--json"])
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def load(database: Database, long: bool) -> Figure:
    """Promise 9."""
    report = under_load(database, long)
    answers = report["answers"]
    words = "; ".join(
        f"{one['per_second']:g} {name} a second, p95 {one['p95_ms']:.0f} ms, {one['failed']} failed"
        for name, one in answers.items()
    )
    failed = sum(one["failed"] for one in answers.values())
    asked = {"submit": 50, "check": 20, "gallery": 20}
    borne = all(answers.get(name, {}).get("per_second", 0) >= 0.95 * rate for name, rate in asked.items())
    good = not failed and borne and all(answers[name]["p95_ms"] <= 200 for name in asked)
    return judged(words, good=good, enough=long)


def witnessed(database: Database, long: bool) -> Figure:
    """Promise 6: under the load of 9."""
    waits = under_load(database, long)["unwitnessed_s"]
    worst = quantiles(waits, n=100)[98]
    return judged(f"99 of 100 looks within {worst:.0f} s, {len(waits)} looks under load", good=worst <= 60)


def hostile(database: Database, long: bool) -> Figure:
    """Promise 8; a long run goes on where it was stopped."""
    files = 50_000 if long else 300
    done = run(["tests.provenance.fuzz", "--files", str(files), *([] if long else ["--folder", tempfile.mkdtemp()])])
    words = "; ".join(done.stdout.splitlines()[:2])
    return judged(words or done.stderr[-200:], good=done.returncode == 0, enough=long)


def appending(database: Database, long: bool) -> Figure:
    """Promise 10."""
    rate, slow = appends(database)
    return judged(f"{rate:.0f} a second, p99 {slow:.1f} ms", good=rate >= 100 and slow <= 50)


def appends(database: Database) -> tuple[float, float]:
    """Entries a second of four writers, and the milliseconds that 99 of 100 took at most."""
    done = run(["provenance", "bench", "--side", "256", "--rounds", "3", "--entries", "1000", "--json"])
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines()) if "name" in row}
    name = f"append, 4 writers, {database}"
    return float(rows[name]["value"]), float(rows[f"{name}, 99th of 100"]["value"])


def described(database: Database, long: bool) -> Figure:
    """Promise 17."""
    with tempfile.TemporaryDirectory() as folder, databases(database, Path(folder)) as environment:
        done = run(["tests.studio.api.fuzz", "--examples", "5000" if long else "300"], environment)
    first = done.stdout.splitlines()[0] if done.stdout else done.stderr[-200:]
    return judged(first, good=done.returncode == 0, enough=long)


def bites(database: Database, long: bool) -> Figure:
    """Promise 22: mistakes made on purpose, and small changes of others' choosing, each of them or some."""
    changes = [] if long else ["--sample", "600"]
    done = run(["tests.mutation", *changes], {"OMP_NUM_THREADS": "1"})
    found = taken_over(done.stdout) or [judged(f"no change was tried: {done.stdout.strip()[-200:]}", good=False)]
    return together(by_module("mutants")(database, long), found[-1])
