"""`make production-demo`: the product on production's engines and settings, under load, while parts of it are killed.

It starts PostgreSQL, a broker and S3 storage from wheels, two webs behind a proxy that ends TLS, and workers; takes one
picture from its words to a public answer; then puts load on all of it, kills a process of each kind and the broker
meanwhile, and waits until everything has come to its end. Exit status 0 only if nothing was lost, nothing was visible
before it was signed and recorded, nothing was answered with a server's error except by what was killed, and rows,
ledger and files agree.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.faults.harness import set_up
from tests.production.drill import Drill
from tests.production.engines import BROKERS, engines
from tests.production.fleet import Fleet
from tests.production.installation import fill, settings
from tests.production.load import Rates


def main() -> int:
    """Run it from the command line."""
    options = _options()
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:7.1f} s  {line}\n")
        sys.stderr.flush()

    with tempfile.TemporaryDirectory(prefix="imprimatur-production-") as name:
        return _run(Path(name), options, say)


def _run(folder: Path, options: argparse.Namespace, say: Callable[[str], None]) -> int:
    say(f"starting PostgreSQL, {options.broker}, S3 storage and a time-stamp authority")
    with engines(folder, broker=options.broker) as started:
        os.environ.update({**started.environment, **settings(folder, quick=not options.unhurried)})
        set_up()
        say("founding an organisation with three projects")
        site = fill(creators=max(12, options.submitters))
        rates = Rates(options.submitters, options.checkers, options.lookers)
        with Fleet(folder, generators=options.workers) as fleet:
            say(f"starting two webs behind a proxy, {options.workers} workers that make pictures, and the others")
            fleet.start()
            drill = Drill(folder, fleet, started, site, say)
            drill.one_picture()
            report = drill.under_load(
                rates, seconds=options.seconds, kill=not options.no_kills, drain=not options.no_drain
            )
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
        epilog="example: python -m tests.production --seconds 60 --submitters 4 --checkers 4 --lookers 4",
    )
    parser.add_argument("--broker", choices=BROKERS, default=BROKERS[0])
    parser.add_argument("--workers", type=int, default=3, help="workers that make pictures (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="how long there is load (default: %(default)s)")
    parser.add_argument("--submitters", type=int, default=3, help="each asks once a second (default: %(default)s)")
    parser.add_argument("--checkers", type=int, default=4, help="each asks every other second (default: %(default)s)")
    parser.add_argument("--lookers", type=int, default=4, help="each asks once a second (default: %(default)s)")
    parser.add_argument("--no-kills", action="store_true", help="load alone")
    parser.add_argument("--no-drain", action="store_true", help="end with the load, and leave the line as it is")
    parser.add_argument("--unhurried", action="store_true", help="leases and sweeps as long as production's defaults")
    parser.add_argument("--stay", action="store_true", help="go on afterwards, to look around")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
