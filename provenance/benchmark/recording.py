"""Appending and proving: one writer, four writers at once, and a proof."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy import text

from provenance.benchmark.materials import LOG, Materials, entry
from provenance.benchmark.measurements import Measurement, Plan
from provenance.benchmark.timing import in_turn, percentile
from provenance.ledger import Ledger, merkle
from provenance.ledger.engines import Engines

RATE_GOAL, SLOWEST_GOAL_MS = 100, 50
_FIRST_NUMBER = 1_000_000


def measured(name: str, url: str, materials: Materials, plan: Plan) -> Iterator[Measurement]:
    """All of it, on one kind of database."""
    with closing(Ledger(url)) as ledger:
        yield _alone(name, url, ledger, materials.now, rounds=max(plan.rounds, plan.appends // 4))
    taken, seconds = _together(url, plan)
    writers = f"{plan.writers} writers, {name}"
    yield Measurement(f"append, {writers}", len(taken) / seconds, unit="a second", goal=RATE_GOAL)
    yield Measurement(f"append, {writers}, median", 1000 * percentile(taken, 0.5))
    yield Measurement(f"append, {writers}, 99th of 100", 1000 * percentile(taken, 0.99), goal=SLOWEST_GOAL_MS)
    with closing(Ledger(url)) as ledger:
        yield _proving(name, ledger, rounds=plan.rounds)


def _alone(name: str, url: str, ledger: Ledger, now: datetime, *, rounds: int) -> Measurement:
    lines = iter([entry(number, now) for number in range(_FIRST_NUMBER, _FIRST_NUMBER + rounds + 1)])
    with _bare(url, entry(0, now)) as bare:
        ours, least = in_turn([lambda: ledger.append(next(lines)), bare], rounds=rounds)
    return Measurement(
        f"append, one writer, {name}", ours.wall, processor=ours.processor, beside="one row and its commit",
        bare=least.wall,
    )  # fmt: skip


@contextmanager
def _bare(url: str, line: bytes) -> Iterator[Callable[[], object]]:
    """The bare call: one row of as many bytes into a table without triggers, by the driver alone, just as durable."""
    engines, table = Engines(url), "bare_measurement"
    with engines.writing() as connection:
        kind = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
        connection.execute(text(f"CREATE TABLE {table} (entry {kind})"))
    mark = "?" if engines.sqlite_file else "%s"
    with closing(engines.current().raw_connection()) as raw:
        driver: Any = raw.driver_connection

        def add() -> None:
            driver.execute(f"INSERT INTO {table} VALUES ({mark})", (line,))  # noqa: S608  # both are from here
            driver.commit()

        yield add
    engines.close()


def _together(url: str, plan: Plan) -> tuple[list[float], float]:
    """Seconds of every append by processes that all begin at once, and how long they took together."""
    context = multiprocessing.get_context("spawn")
    begin, answers = context.Barrier(plan.writers + 1), context.Queue()
    firsts = [2 * _FIRST_NUMBER + number * plan.appends for number in range(plan.writers)]
    writers = [context.Process(target=_write, args=(url, first, plan, begin, answers)) for first in firsts]
    with ExitStack() as ending:
        for writer in writers:
            writer.start()
            ending.callback(writer.join)
        begin.wait()
        started = time.perf_counter()
        taken = [seconds for _ in writers for seconds in answers.get()]
        return taken, time.perf_counter() - started


def _write(url: str, first: int, plan: Plan, begin: Barrier, answers: "Queue[list[float]]") -> None:
    lines, taken = [entry(number, plan.now) for number in range(first, first + plan.appends)], []
    with closing(Ledger(url)) as ledger:
        ledger.size(LOG)
        begin.wait()
        for line in lines:
            started = time.perf_counter()
            ledger.append(line)
            taken.append(time.perf_counter() - started)
    answers.put(taken)


def _proving(name: str, ledger: Ledger, *, rounds: int) -> Measurement:
    size = ledger.size(LOG)
    leaves = [bytes.fromhex(item.leaf) for item in ledger.entries(LOG)]

    def anew() -> None:
        frontier = merkle.Frontier()
        for leaf in leaves:
            frontier.append(leaf)

    ours, bare = in_turn([lambda: ledger.inclusion_proof(LOG, size // 3, size), anew], rounds=rounds)
    return Measurement(
        f"prove one of {size}, {name}", ours.wall, processor=ours.processor, beside="hashing all leaves anew",
        bare=bare.wall,
    )  # fmt: skip
