"""The disk of an installation on embedded defaults runs full while people ask; then there is room again.

`python -m tests.faults.full` makes an installation on a small file system in memory, which nobody else can see: it runs
in a mount namespace of its own (unshare(1)), so nothing is left behind. Exit status 0 only if nobody was told that we
broke, nothing was visible early, nothing lost, and rows, ledger and files agree. Exit status 2 where this system does
not let us make a file system.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.faults.act import campaign
from tests.faults.drill import QUICK
from tests.faults.enduring import Enduring, write
from tests.ports import free_port
from tests.processes import ROOT, set_up
from tests.production.fleet import answers
from tests.production.installation import token
from tests.waiting import until

ROOM = "256m"
CANNOT = 2
_INSIDE = "--inside"


def main() -> int:
    """Run the drill from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.full",
        description="Let the disk run full under an installation on embedded defaults, and look whether it heals.",
        epilog="example: python -m tests.faults.full --json",
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put a table of it into a document")
    parser.add_argument(_INSIDE, metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return _inside(options.inside, options)
    with TemporaryDirectory(prefix="imprimatur-full-") as folder:
        own = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        mount = f'mount -t tmpfs -o size={ROOM} tmpfs "$0"'
        if subprocess.run([*own, mount, folder], capture_output=True, check=False).returncode:
            sys.stderr.write("this system lets nobody make a file system: run it where unshare(1) may mount one\n")
            return CANNOT
        again = [sys.executable, "-m", "tests.faults.full", _INSIDE, folder, *sys.argv[1:]]
        return subprocess.run([*own, f'{mount} && exec "$@"', folder, *again], cwd=ROOT, check=False).returncode


def _inside(folder: Path, options: argparse.Namespace) -> int:
    os.environ.update({"VAR_DIR": str(folder), **QUICK})
    set_up()
    from django.utils import timezone

    from studio.audit.integrity import problems
    from studio.operations.installation import prepare
    from studio.operations.processes import Processes
    from studio.operations.sample import prepare_sample

    prepare()
    at = timezone.now()
    sample = prepare_sample(at=at)
    secret = token(sample.people["creator"], sample.organisation, campaign(at), at)
    port = free_port()
    address = f"http://127.0.0.1:{port}"

    def api() -> httpx.Client:
        return httpx.Client(base_url=address, timeout=60)

    def say(line: str) -> None:
        if not options.json:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()

    with Processes(folder / "logs") as processes:
        for role in ("control", "generate"):
            processes.start(role)
        processes.start("web", "--port", str(port))
        processes.start_signing()
        until(lambda: answers(f"{address}/ready"), within_s=120)
        people = Enduring(api, [secret], say)
        people.begin()
        seen = people.endure("the disk is full", _full(folder), accepts=False)
    found = [str(problem) for problem in problems(now=timezone.now())]
    if options.write:
        write(options.write, [seen], mark="a full disk", at=timezone.now())
    report = (
        json.dumps({**asdict(seen), "problems": found}) if options.json else "; ".join(found) or "Everything agrees."
    )
    sys.stdout.write(f"{report}\n")
    return 0 if seen.good and not found else 1


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """Not a byte goes in until the block ends, nor into what SQLite has put aside for its next transactions."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    try:
        yield
    finally:
        ballast.unlink()


if __name__ == "__main__":
    raise SystemExit(main())
