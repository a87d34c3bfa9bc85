"""`make scale`: what a thousand workers would do, told by a model that first has to tell what one to three really do.

It measures one to three workers whose model only waits, a claim from a long line and four writers of the ledger, all on
PostgreSQL; takes the costs of a picture from the run of one worker; lets the model predict the others; and goes on to
large installations only if it was within 20 %. `--write` puts the tables into docs/scale.md.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from provenance.benchmark.tables import write_between_marks
from tests.processes import set_up
from tests.production.engines import engines
from tests.production.installation import fill, settings
from tests.production.scaling import STEPS, Run, measured
from tests.production.simulation import Costs, Outcome, Shape, simulate
from tests.promises.measures import appends
from tests.promises.place import Database

WITHIN = 0.2
# Made, decided about, released: what the ledger says of a picture that goes the whole way.
ENTRIES = 3
LONG_LINE = 10_000
# What a large model on a good accelerator takes for a picture.
MODEL_SECONDS = 5.0


def main() -> int:
    """Measure, predict, compare, go on; exit status 1 where the model was not within 20 %."""
    options = _options()
    real = _real(options.each, options.step, options.keep)
    runs, growth = real.runs, real.growth
    costs = costs_of(runs[0], model=STEPS * options.step, claim=real.claim, append=real.append)
    rows = [(run, predicted(costs, run, STEPS * options.step, os.cpu_count() or 1)) for run in runs]
    good = all(abs(told / run.seconds - 1) <= WITHIN for run, told in rows)
    asked = shapes(costs) if good else []
    outcomes = []
    for words, shape in asked:
        sys.stderr.write(f"{options.pictures:,} pictures, {words}\n")
        outcomes.append((words, shape, simulate(costs, shape, options.pictures)))
    parts = (_measured(rows), _costs(costs), _growth(growth, options.pictures), _large(outcomes, options.pictures))
    text = "\n\n".join("\n".join(part) for part in parts)
    sys.stdout.write(text + "\n")
    if options.write:
        write_between_marks(options.write, text, mark="scale")
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.production.scale",
        description="What a thousand workers would do, told by a model that is first compared with three.",
        epilog="example: python -m tests.production.scale --pictures 100000 --write docs/scale.md",
    )
    parser.add_argument("--each", type=int, default=8, help="pictures for each real worker (default: %(default)s)")
    parser.add_argument("--step", type=float, default=0.5, help="seconds a step of theirs (default: %(default)s)")
    parser.add_argument("--pictures", type=int, default=10_000_000, help="in the model (default: %(default)s)")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="keep what was measured here; what is here is not measured again"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables into a document, between its marks")
    return parser.parse_args()


@dataclass(frozen=True, slots=True)
class Growth:
    """What so many pictures added, in bytes: to both databases, and as signed files of `side` pixels squared."""

    pictures: int
    side: int
    rows: int
    ledger: int
    files: int


@dataclass(frozen=True, slots=True)
class Real:
    """What was measured: the runs of one to three workers, the seconds of a claim from a long line and of an entry in
    one log, and what the runs' pictures added."""

    runs: list[Run]
    claim: float
    append: float
    growth: Growth


def _real(each: int, step: float, keep: Path | None) -> Real:
    if keep and keep.exists():
        kept = json.loads(keep.read_text(encoding="utf-8"))
        runs, growth = [Run(**run) for run in kept["runs"]], Growth(**kept["growth"])
        return Real(runs, kept["claim"], kept["append"], growth)
    real = _measure(each, step)
    if keep:
        keep.write_text(json.dumps(asdict(real)), encoding="utf-8")
    return real


def _measure(each: int, step: float) -> Real:
    append = 1 / appends(Database.POSTGRESQL)[0]
    with tempfile.TemporaryDirectory(prefix="imprimatur-scale-") as name, engines(Path(name)) as started:
        os.environ.update({**started.environment, **settings(Path(name), quick=False)})
        set_up()
        # Twelve people, so that a long line can be filled as the promise's measurement does it.
        fill(creators=12)
        before = _sizes(started.database)
        runs = [measured(Path(name), workers, each, step) for workers in (1, 2, 3)]
        growth = _grown(before, _sizes(started.database))
        return Real(runs, _claim(), append, growth)


def _sizes(server: Any) -> tuple[int, int]:
    """Bytes of the product's database and of the ledger."""
    names = ("studio", "ledger")
    found = [re.search(r"\d+", server.psql(f"SELECT pg_database_size('{name}');")) for name in names]
    rows, ledger = (int(match.group()) for match in found if match)
    return rows, ledger


def _grown(before: tuple[int, int], after: tuple[int, int]) -> Growth:
    from studio import blobs
    from studio.jobs.models import Picture

    pictures = Picture.objects.all()
    files = sum(len(blobs.get(picture.sha256)) for picture in pictures)
    return Growth(len(pictures), pictures[0].width, after[0] - before[0], after[1] - before[1], files)


def _claim() -> float:
    from django.utils import timezone

    from tests.promises.backlog import line_up, timed

    at = timezone.now()
    for project in range(3):
        line_up(project, ceil(LONG_LINE / 3), at)
    return median(timed(200, at)) / 1000


def costs_of(alone: Run, *, model: float, claim: float, append: float) -> Costs:
    """What one picture costs, from the run of one worker; `model` is what its model waited for each."""
    cpu = {part: seconds / alone.pictures for part, seconds in alone.cpu.items()}
    wait = alone.seconds / alone.pictures - model - claim - cpu["work"] - cpu["database"]
    return Costs(
        work_cpu=cpu["work"],
        work_wait=max(0.0, wait),
        database_cpu=cpu["database"],
        engines_cpu=cpu["engines"] + cpu["sweep"],
        screen_cpu=cpu["screen"],
        sign_cpu=cpu["sign"],
        claim=claim,
        append=append,
        entries=ENTRIES,
    )


def predicted(costs: Costs, run: Run, model: float, cores: int) -> float:
    """The seconds that the model tells for a real run; there each picture gets one entry."""
    shape = Shape(workers=run.workers, model=model, together=True, cores=cores)
    return simulate(replace(costs, entries=1), shape, run.pictures).made


def shapes(costs: Costs) -> list[tuple[str, Shape]]:
    """Installations to ask about, each mending what gave out in the one before."""
    shape = Shape(workers=1000, model=MODEL_SECONDS, projects=300)
    wanted = 1.1 * shape.workers / costs.per_picture(shape.model)
    staffed = replace(shape, screeners=ceil(wanted * costs.screen_cpu), signers=ceil(wanted * costs.sign_cpu))
    served = replace(staffed, database_cores=max(16, ceil(wanted * costs.database_cpu)))
    return [
        ("one screen and one sign process", shape),
        ("enough of both", staffed),
        ("and cores for the database", served),
        ("and ten organisations, each with a log", replace(served, logs=10)),
    ]


def _measured(rows: Sequence[tuple[Run, float]]) -> list[str]:
    lines = ["| workers | pictures | measured | the model said | off by |", "|---|---|---|---|---|"]
    for run, told in rows:
        off = 100 * (told / run.seconds - 1)
        lines.append(f"| {run.workers} | {run.pictures} | {run.seconds:.1f} s | {told:.1f} s | {off:+.1f} % |")
    alone, most = rows[0][0], rows[-1][0]
    times = most.per_second / alone.per_second
    return [*lines, "", f"{most.workers} workers did {times:.2f} times what one did, on {os.cpu_count()} cores in all."]


def _costs(costs: Costs) -> list[str]:
    lines = ["| one picture | seconds |", "|---|---|"]
    words = {
        "work_cpu": "the generate worker besides its model, processor",
        "work_wait": "the same, waiting for disk and network",
        "database_cpu": "PostgreSQL, processor",
        "engines_cpu": "broker, storage, sweep; processor",
        "screen_cpu": "the screen worker, processor",
        "sign_cpu": "the sign worker, processor",
        "claim": f"its claim from a line of {LONG_LINE:,}, which locks a project",
        "append": "one entry, which locks a log",
    }
    return [*lines, *(f"| {word} | {getattr(costs, name):.4f} |" for name, word in words.items())]


def _growth(growth: Growth, pictures: int) -> list[str]:
    """Measured on the runs' pictures; the last column is arithmetic."""
    lines = [f"| {growth.pictures} pictures added | bytes a picture | for {pictures:,}, GB |", "|---|---|---|"]
    words = {
        f"signed files of {growth.side}²": growth.files,
        "the product's rows, with their indexes": growth.rows,
        "the ledger, one entry each": growth.ledger,
    }
    for word, size in words.items():
        each = size / growth.pictures
        lines.append(f"| {word} | {each:,.0f} | {each * pictures / 1e9:,.0f} |")
    return lines


def _large(outcomes: Sequence[tuple[str, Shape, Outcome]], pictures: int) -> list[str]:
    if not outcomes:
        return ["The model was not within 20 % of what was measured, so it was asked no further."]
    lines = [
        f"| {pictures:,} pictures by 1,000 workers | screen, sign | pictures a second | days | gives out first |",
        "|---|---|---|---|---|",
    ]
    for words, shape, outcome in outcomes:
        part, share = outcome.first_to_give_out, outcome.busy[outcome.first_to_give_out]
        staff, days = f"{shape.screeners}, {shape.signers}", outcome.recorded / 86_400
        lines.append(
            f"| {words} | {staff} | {outcome.per_second:.1f} | {days:.2f} | {part}, {100 * share:.0f} % busy |"
        )
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
