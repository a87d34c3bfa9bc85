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


@cache
def killing(database: Database, long: bool) -> Figure:
    """Every point once, or as often as was promised."""
    attack = partial(_round, database)
    rounds = caught_up(KEPT / f"{database.lower()}.jsonl", attack) if long else [attack(list(ATTACKS))]
    kills = met(rounds)
    words = f"{_sum(rounds, 'requests'):,} requests, {kills.total()} kills at {len(kills)} points, each"
    words += (
        f" {min(kills.values())} times or more: {_sum(rounds, 'lost')} lost, {_sum(rounds, 'double')} recorded twice,"
    )
    words += f" {_sum(rounds, 'problems')} disagreements; {_sum(rounds, 'early')} of {_sum(rounds, 'looks'):,} looks"
    words += " found a picture too early"
    good = not any(_sum(rounds, name) for name in ("lost", "early", "double", "problems"))
    enough = _sum(rounds, "requests") >= ENOUGH_REQUESTS and kills.total() >= ENOUGH_KILLS and not lagging(kills)
    return judged(words, good=good, enough=enough)


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
    kept.touch()
    while points := lagging(met(rounds := [json.loads(line) for line in kept.read_text().splitlines()])):
        one = attack(points)
        with kept.open("a") as file:
            file.write(json.dumps(one) + "\n")
        sys.stderr.write(f"{kept.stem}: {met([*rounds, one]).total()} kills\n")
    return rounds


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
