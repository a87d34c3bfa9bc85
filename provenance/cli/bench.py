"""`bench`: time the library's main calls on this machine."""

import argparse
import json
import sys
from datetime import UTC, datetime

from provenance.bench import measure
from provenance.cli import options as shared


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "bench",
        help="time signing, checking, recording and proving",
        description="Medians in milliseconds, each beside the bare call it rests on.",
        epilog="example: python -m provenance bench --side 1024 --rounds 50",
    )
    parser.add_argument("--side", type=int, default=512, help="picture size in pixels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=20, help="how often to repeat (default: %(default)s)")
    parser.add_argument("--entries", type=int, default=1000, help="entries in the log (default: %(default)s)")
    shared.add_json(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if min(options.side, options.rounds, options.entries) < 1:
        raise ValueError("--side, --rounds, --entries: positive numbers are needed")
    heading = f"{'':10}{'ours ms':>12}{'bare ms':>12}{'ratio':>10}\n"
    sys.stdout.write("" if options.json else heading)
    found = measure(side=options.side, rounds=options.rounds, entries=options.entries, now=datetime.now(UTC))
    for item in found:
        fields = {"name": item.name, "ms": item.milliseconds, "bare_ms": item.bare_milliseconds, "ratio": item.ratio}
        line = f"{item.name:10}{item.milliseconds:12.2f}{item.bare_milliseconds:12.2f}{item.ratio:10.2f}"
        sys.stdout.write(f"{json.dumps(fields) if options.json else line}\n")
        sys.stdout.flush()
    return 0
