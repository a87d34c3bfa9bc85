"""`python -m tests.provenance.fuzz`: the long form, which can be stopped and goes on where it was."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from tests.provenance.fuzz.harness import Run


def main() -> int:
    """Run to the wanted number of files; 0 if nothing failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.provenance.fuzz",
        description=__doc__,
        epilog="example: python -m tests.provenance.fuzz --files 50000 --folder var/fuzz",
    )
    parser.add_argument("--files", type=int, default=50_000, help="how many in all (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("var/fuzz"), help="of the run (default: %(default)s)")
    options = parser.parse_args()
    run = Run(options.folder)
    run.retry()
    with tqdm(total=options.files, initial=run.progress.next, unit="file") as bar:
        for progress in run.steps(options.files):
            bar.update()
            bar.set_postfix(failed=len(progress.failures), refresh=False)
    done = run.progress
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in done.verdicts.most_common())
    sys.stdout.write(f"{done.next} files: {verdicts}\n")
    sys.stdout.write(f"slowest {done.slowest:.2f} s, {done.repeated} tried again, {len(done.failures)} failed\n")
    for number, failure in done.failures.items():
        sys.stdout.write(f"{number}: {failure} ({options.folder / f'failed-{number}'})\n")
    return 1 if done.failures else 0


if __name__ == "__main__":
    sys.exit(main())
