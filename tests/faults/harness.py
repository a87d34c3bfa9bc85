"""Kills real processes at every named point: nothing is lost, nothing visible early, nothing recorded twice.

`python -m tests.faults.harness --rounds 1` makes an installation of its own in a temporary folder, with real
workers over the file broker and short leases, and goes through the fault points: arm one, ask for a picture, see
the process die there, start it again unarmed, and wait for the request to reach its end. While it waits it looks,
again and again, for a picture that can be seen without its entry. At the end the integrity check must find nothing.
Exit status 0 only if all of that held; `--json` prints the figures.
"""

import argparse
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.faults.attacks import ATTACKS
from tests.faults.drill import QUICK, Drill
from tests.processes import set_up


def main() -> int:
    """Run the drill from the command line."""
    parser = argparse.ArgumentParser(
        description="Kill processes at every named point and check every promise.",
        epilog="example: python -m tests.faults.harness --rounds 25",
    )
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--point", action="append", choices=sorted(ATTACKS), help="only this point (may be repeated)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imprimatur-drill-") as folder:
        os.environ.update({"VAR_DIR": folder, **QUICK})
        set_up()
        from django.utils import timezone

        from studio.operations.installation import prepare
        from studio.operations.sample import prepare_sample

        prepare()
        prepare_sample(at=timezone.now())
        drill = Drill(Path(folder), lambda line: None if options.json else print(line, flush=True))  # noqa: T201
        chosen = {point: ATTACKS[point] for point in options.point or ATTACKS}
        figures = drill.run(chosen, options.rounds)
    sys.stdout.write(json.dumps(asdict(figures), indent=None if options.json else 2) + "\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
