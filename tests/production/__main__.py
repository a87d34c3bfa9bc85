"""`make production-demo`: the product on production's engines and settings, under load, while parts of it are killed.

It starts PostgreSQL, a broker and S3 storage from wheels, two webs behind a proxy that ends TLS, and workers; takes one
picture from its words to a public answer; then puts load on all of it, kills a process of each kind and the broker
meanwhile, and waits until everything has come to its end. With `--outage` it is then without its engines, one after
another. Exit status 0 only if nothing was lost, nothing was visible
before it was signed and recorded, nothing was answered with a server's error except by what was killed, and rows,
ledger and files agree.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.enduring import write
from tests.processes import set_up
from tests.production.drill import Drill
from tests.production.engines import BROKERS, engines
from tests.production.fleet import Fleet
from tests.production.installation import fill, settings
from tests.production.load import Rates
from tests.production.outages import OUTAGES, staged


def main() -> int:
    """Run it from the command line."""
    options = _options()
    # Whoever ends this ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:7.1f} s  {line}\n")
        sys.stderr.flush()

    with tempfile.TemporaryDirectory(prefix="imprimatur-production-") as name:
        folder = Path(name)
        try:
            return _run(folder, options, say)
        finally:
            if options.logs:
                shutil.copytree(folder / "logs", options.logs, dirs_exist_ok=True)


def _run(folder: Path, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    with ExitStack() as stack:
        say(f"starting PostgreSQL, {options.broker}, S3 storage and a time-stamp authority")
        started = stack.enter_context(engines(folder, broker=options.broker))
        os.environ.update({**started.environment, **settings(folder, quick=not options.unhurried)})
        set_up()
        say("founding an organisation with three projects")
        site = fill(creators=max(12, options.submitters))
        outages = list(OUTAGES) if "all" in options.outage else options.outage
        stage = stack.enter_context(staged(folder, started)) if outages else None
        environment = stage.environment if stage else {}
        fleet = stack.enter_context(Fleet(folder, generators=options.workers, environment=environment))
        say(f"starting two webs behind a proxy, {options.workers} workers that make pictures, and the others")
        fleet.start()
        drill = Drill(folder, fleet, started, site, say)
        drill.one_picture()
        if options.seconds:
            rates = Rates(options.submitters, options.checkers, options.lookers)
            drill.under_load(rates, seconds=options.seconds, kill=not options.no_kills, drain=not options.no_drain)
        if stage:
            drill.endure(outages, stage)
        report = drill.report
        if options.write:
            write(options.write, report.outages, mark=f"outages with {options.broker}", at=datetime.now(UTC))
        sys.stdout.write(json.dumps(asdict(report)) + "\n" if options.json else report.text())
        sys.stdout.flush()
        if options.stay:
            say(f"{fleet.address} goes on until Ctrl-C; believe {fleet.root}")
            _until_interrupted()
        return 0 if report.good else 1


def _until_interrupted() -> None:
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.production",
        description="Run the product on production's engines, under load, while parts of it are killed.",
        epilog="example: python -m tests.production --seconds 0 --outage 'the database dies'",
    )
    parser.add_argument("--broker", choices=BROKERS, default=BROKERS[0])
    parser.add_argument("--workers", type=int, default=3, help="workers that make pictures (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=int, default=60, help="how long there is load, 0 for none (default: %(default)s)"
    )
    parser.add_argument("--submitters", type=int, default=3, help="each asks once a second (default: %(default)s)")
    parser.add_argument("--checkers", type=int, default=4, help="each asks every other second (default: %(default)s)")
    parser.add_argument("--lookers", type=int, default=4, help="each asks once a second (default: %(default)s)")
    parser.add_argument("--no-kills", action="store_true", help="load alone")
    parser.add_argument(
        "--outage",
        action="append",
        choices=["all", *OUTAGES],
        default=[],
        metavar="NAME",
        help=f"afterwards, be without something for a while (may be repeated): all, {', '.join(OUTAGES)}",
    )
    parser.add_argument("--no-drain", action="store_true", help="end with the load, and leave the line as it is")
    parser.add_argument("--unhurried", action="store_true", help="leases and sweeps as long as production's defaults")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put a table of the outages into a document")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="put the processes' logs there afterwards")
    parser.add_argument("--stay", action="store_true", help="go on afterwards, to look around")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
