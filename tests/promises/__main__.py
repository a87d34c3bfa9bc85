"""`make promises`: measure what docs/reliability.md promises, and write the table there.

Each promise is measured by a command of its own, on SQLite and on PostgreSQL where that matters. What was not measured
this time keeps its row. Exit status 0 unless something that was measured is broken.
"""

import argparse
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.promises.figure import Standing
from tests.promises.killing import never_early
from tests.promises.measures import (
    Measure,
    appending,
    bites,
    by_module,
    described,
    ended,
    hostile,
    load,
    separation,
    shown_by,
    tampering,
    witnessed,
)
from tests.promises.place import Database
from tests.promises.table import Row, read, write


@dataclass(frozen=True, slots=True)
class Promise:
    """One of docs/reliability.md. `measure` is told the database, and whether it may take hours."""

    number: int
    words: str
    target: str
    measure: Measure | None = None
    on: tuple[Database, ...] = tuple(Database)


OLD_BACKUP = "tests/studio/test_backup.py::test_an_old_backup_is_found_out_by_a_checkpoint_kept_elsewhere"
PROMISES = (
    Promise(1, "An accepted request reaches exactly one end.", ">= 1,000 jobs, >= 300 kills, 0 lost", ended),
    Promise(
        2,
        "Nothing is visible without a valid signature and its entry.",
        "0 in the run of 1, every death 25 times",
        never_early,
    ),
    Promise(3, "Nothing is recorded twice.", "0 in 10,000 appends; 50 posts, one key", by_module("doubles")),
    Promise(
        4,
        "What cannot be signed or recorded waits, and heals by itself.",
        "0 visible, an alarm",
        shown_by("tests/studio/pages/test_status.py", "tests/studio/test_stores.py", "tests/studio/test_probes.py"),
    ),
    Promise(
        5, "Tampering is found, and the first bad entry named.", "100 % of all kinds", tampering, (Database.SQLITE,)
    ),
    Promise(6, "Every entry is under a checkpoint soon.", "<= 60 s p99", witnessed, (Database.POSTGRESQL,)),
    Promise(7, "The check's verdicts are right.", ">= 200 changes, 0 wrong", by_module("verdicts")),
    Promise(8, "Hostile files hurt nobody.", ">= 50,000 files, 0 crashes, <= 10 s each", hostile, (Database.SQLITE,)),
    Promise(
        9,
        "It bears its load.",
        "50 submits, 20 checks, 20 galleries a second: 0 5xx, p95 <= 200 ms",
        load,
        (Database.POSTGRESQL,),
    ),
    Promise(10, "The ledger keeps up.", ">= 100 appends a second with four writers, p99 <= 50 ms", appending),
    Promise(
        11,
        "A long line is fair, and no claim waits for it.",
        "5,000 waiting, three projects: shares within 10 %; of 10,000, a claim <= 50 ms",
        by_module("backlog"),
    ),
    Promise(12, "A dead worker's request goes on.", "<= lease + 15 s, five times", by_module("recovery")),
    Promise(
        13,
        "Organisations see nothing of each other.",
        "100 % of routes, 0 leaks",
        shown_by("tests/studio/pages/test_access.py", "tests/studio/api/test_pictures.py"),
    ),
    Promise(14, "Nobody decides about what they shaped.", ">= 5,000 steps, 0 times", separation),
    Promise(
        15, "An auditor cannot write.", "0 changes by any method", shown_by("tests/studio/audit/test_reads_only.py")
    ),
    Promise(
        16, "Guessing is locked out.", "by the tenth try, codes too", shown_by("tests/studio/pages/test_sign_in.py")
    ),
    Promise(17, "The interface for programs keeps its description.", ">= 5,000 examples, 0 5xx", described),
    Promise(
        18,
        "Oversized requests are turned away.",
        "413, 422 or 429",
        shown_by("tests/studio/pages/test_public.py", "tests/studio/pages/test_reference.py"),
    ),
    Promise(
        19,
        "What is erased is gone.",
        "in no store; the ledger verifies",
        shown_by("tests/studio/test_erasing.py", "tests/studio/pages/test_forgetting.py"),
    ),
    Promise(
        20,
        "Secrets and words are in no log, error page or export.",
        "0 found",
        shown_by("tests/studio/test_secrets.py"),
    ),
    Promise(21, "An old backup is noticed.", "against the outside checkpoint", shown_by(OLD_BACKUP)),
    Promise(
        22,
        "The tests bite.",
        "four mutants caught; mutation score >= 85 %",
        bites,
        (Database.SQLITE,),
    ),
)


def main() -> int:
    """Measure, and write."""
    options = _options()
    wanted = [one for one in PROMISES if not options.only or one.number in options.only]
    rows = read(options.write) if options.write else {}
    broken = False
    for promise in PROMISES:
        row = rows.get(promise.number, Row(promise.number, promise.words, promise.target))
        rows[promise.number] = row.renamed(promise.words, promise.target, promise.on)
        if promise not in wanted or promise.measure is None:
            continue
        for database in promise.on:
            if options.database and database not in options.database:
                continue
            figure = promise.measure(database, options.long)
            broken |= figure.standing == Standing.BROKEN
            sys.stdout.write(f"{promise.number:>2} on {database}: {figure.cell()} (target: {promise.target})\n")
            sys.stdout.flush()
            rows[promise.number] = rows[promise.number].measured(database, figure, at=datetime.now(UTC))
            if options.write:
                write(options.write, rows)
    if options.write:
        # A promise under new words has its row too, measured or not.
        write(options.write, rows)
    return int(broken)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.promises",
        description="Measure what docs/reliability.md promises.",
        epilog="example: python -m tests.promises --only 3 11 --write docs/reliability.md",
    )
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="these promises alone")
    parser.add_argument("--database", type=Database, choices=list(Database), action="append", help="on this one alone")
    parser.add_argument("--long", action="store_true", help="as many cases as were promised; hours")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the figures into a document, between its marks")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
