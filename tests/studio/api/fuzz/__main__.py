"""`python -m tests.studio.api.fuzz`: so many examples, over all operations of both interfaces."""

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Ask; 0 if nothing failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studio.api.fuzz",
        description=__doc__,
        epilog="example: python -m tests.studio.api.fuzz --examples 5000",
    )
    parser.add_argument("--examples", type=int, default=5000, help="how many in all (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imprimatur-fuzz-") as folder:
        # Before Django reads its settings.
        os.environ |= {"VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "studio.settings", "LOG_LEVEL": "CRITICAL"}
        sys.path.append(str(Path(__file__).resolve().parents[4] / "platform"))
        import django

        django.setup()
        from django.utils import timezone

        from studio import pipeline
        from studio.operations.installation import prepare
        from studio.operations.sample import prepare_sample
        from tests.studio.api.fuzz.harness import furnished, run, wait_for_nobody

        logging.getLogger("django.request").setLevel(logging.CRITICAL)
        prepare()
        pipeline.open_for_signing()
        wait_for_nobody(setattr)
        report = run(options.examples, furnished(prepare_sample(at=timezone.now())))
    sys.stdout.write(f"{report.asked} examples over {report.operations} operations: {report.answers}\n")
    for failure in report.failures:
        sys.stdout.write(f"\n{failure}\n")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
