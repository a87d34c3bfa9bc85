"""Auditing a long log: how fast, and that it takes no more memory than auditing one a tenth as long."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Table, insert

from provenance.benchmark.materials import LOG, Materials, entry
from provenance.benchmark.measurements import Measurement
from provenance.ledger import Ledger, LedgerEntry, create_tables, merkle, tables
from provenance.ledger.engines import Engines

MORE_MEMORY_GOAL = 1.1
_KIBIBYTE = 1024
_AT_ONCE = 5_000


def measured(materials: Materials, *, entries: int) -> Iterator[Measurement]:
    """Peak memory and time of `python -m provenance ledger verify`, as a process of its own."""
    trust = materials.folder / "keys"
    short, _ = _audit(_log(materials, entries // 10), trust)
    peak, seconds = _audit(_log(materials, entries), trust)
    yield Measurement(
        f"audit of {entries} entries, most memory", peak, unit="MB", beside=f"{entries // 10} entries", bare=short,
        ratio_goal=MORE_MEMORY_GOAL,
    )  # fmt: skip
    yield Measurement("audit, entries", entries / seconds, unit="a second")


def _log(materials: Materials, entries: int) -> str:
    """A SQLite ledger of so many entries with its checkpoint, as appending one by one would leave it."""
    url = f"sqlite:///{materials.folder / f'{entries}.sqlite3'}"
    create_tables(url)
    engines, frontier = Engines(url), merkle.Frontier()
    for numbers in _batches(entries):
        rows = _rows(numbers, frontier, materials.now)
        with engines.writing() as connection:
            for table, values in rows.items():
                connection.execute(insert(table), values)
    engines.close()
    with closing(Ledger(url)) as ledger:
        ledger.checkpoint(LOG, materials.checkpoint_key, now=materials.now)
    return url


def _rows(numbers: range, frontier: merkle.Frontier, now: datetime) -> dict[Table, list[dict[str, Any]]]:
    """The rows of a stretch of the log: entries, completed subtrees, and what they are found by."""
    rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
    for number in numbers:
        new = LedgerEntry.parse(number, entry(number, now))
        rows[tables.entries].append(tables.row(new, number))
        for (level, position), value in frontier.append(bytes.fromhex(new.leaf)):
            rows[tables.nodes].append({"log": LOG, "level": level, "position": position, "hash": value})
        for table, found in tables.index_values(new).items():
            rows[table].append({"log": LOG, "sequence": number, "value": found})
    return rows


def _batches(entries: int) -> Iterator[range]:
    for start in range(0, entries, _AT_ONCE):
        yield range(start, min(entries, start + _AT_ONCE))


def _audit(url: str, trust: Path) -> tuple[float, float]:
    """Peak resident memory in MB and seconds of one audit; RuntimeError when it does not find the log good."""
    command = [sys.executable, "-m", "provenance", "ledger", "verify", "--ledger", url, "--trust", str(trust)]
    started = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the audit of {url} ended with status {process.returncode}")
    return used.ru_maxrss / _KIBIBYTE, perf_counter() - started
