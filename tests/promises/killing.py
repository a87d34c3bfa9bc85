"""Promises 1 and 2: processes die at every named point, on an installation of its own in each round.

The long form takes hours. Each of its rounds is kept in `var/kills` as it ends, so that a run that was stopped goes on,
and a point that is new is caught up on alone; delete the folder to begin anew.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from tests.faults.attacks import ATTACKS
from tests.production.engines import ROOT
from tests.promises.figure import Figure, judged
from tests.promises.place import Database, databases
from tests.promises.running import run

KEPT = ROOT / "var" / "kills"
EACH = 25
ENOUGH_REQUESTS = 1000
ENOUGH_KILLS = 300

# What one round showed, as `tests.faults.harness --json` prints it.
Round = Mapping[str, Any]


def survived(database: Database, long: bool) -> Figure:
    """Promise 1: so many requests and deaths, whichever."""
    rounds = _rounds(database, long)
    enough = _sum(rounds, "requests") >= ENOUGH_REQUESTS and met(rounds).total() >= ENOUGH_KILLS
    return _judged(rounds, enough=enough)


def never_early(database: Database, long: bool) -> Figure:
    """Promise 2: every death so many times."""
    rounds = _rounds(database, long)
    return _judged(rounds, enough=not lagging(met(rounds)))


def _judged(rounds: Sequence[Round], *, enough: bool) -> Figure:
    kills = met(rounds)
    words = f"{_sum(rounds, 'requests'):,} requests, {kills.total()} kills at {len(kills)} points, each"
    words += f" {min(kills.values())} times or more: {_sum(rounds, 'lost')} lost,"
    words += f" {_sum(rounds, 'double')} recorded twice, {_sum(rounds, 'problems')} disagreements;"
    words += f" {_sum(rounds, 'early')} of {_sum(rounds, 'looks'):,} looks found a picture too early"
    good = not any(_sum(rounds, name) for name in ("lost", "early", "double", "problems"))
    return judged(words, good=good, enough=enough)


@cache
def _rounds(database: Database, long: bool) -> list[Round]:
    """As many as were promised, or what is kept of them; where nothing is, one."""
    kept, attack = KEPT / f"{database.lower()}.jsonl", partial(_round, database)
    return caught_up(kept, attack) if long else _kept(kept) or [attack(list(ATTACKS))]


def met(rounds: Sequence[Round]) -> "Counter[str]":
    """How often each point was met."""
    return sum((Counter(one["kills"]) for one in rounds), Counter())


def lagging(kills: Mapping[str, int]) -> list[str]:
    """The points that were met least often, of those that were not met often enough."""
    lacking = {point: kills.get(point, 0) for point in ATTACKS if kills.get(point, 0) < EACH}
    return [point for point, times in lacking.items() if times == min(lacking.values())]


def caught_up(kept: Path, attack: Callable[[Sequence[str]], Round]) -> list[Round]:
    """All rounds in the file `kept`, and as many more as it takes; each is in the file when it has ended."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    while points := lagging(met(rounds := _kept(kept))):
        one = attack(points)
        with kept.open("a") as file:
            file.write(json.dumps(one) + "\n")
        sys.stderr.write(f"{kept.stem}: {met([*rounds, one]).total()} kills\n")
    return rounds


def _kept(file: Path) -> list[Round]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def _round(database: Database, points: Sequence[str]) -> Round:
    chosen = [word for point in points for word in ("--point", point)]
    with tempfile.TemporaryDirectory() as folder, databases(database, Path(folder)) as environment:
        done = run(["tests.faults.harness", "--json", *chosen], environment)
    if not done.stdout.strip():
        raise RuntimeError(f"The drill ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    seen: Round = json.loads(done.stdout.splitlines()[-1])
    return seen


def _sum(rounds: Sequence[Round], name: str) -> int:
    found = [one[name] for one in rounds]
    return sum(value if isinstance(value, int) else len(value) for value in found)
