"""`manage.py provenance_check`: do rows, ledger and files still agree?"""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio import pipeline
from studio.audit.integrity import problems


class Command(BaseCommand):
    """Exit status 0 when everything agrees, 1 with the problems listed, 2 when the ledger cannot be read."""

    help = "Check every picture, entry and stored file against each other."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Output for people or for programs."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py provenance_check --outside /mnt/elsewhere/checkpoints --json"
        parser.add_argument(
            "--outside", type=Path, metavar="FOLDER", help="a copy of CHECKPOINT_DIR from elsewhere (default: itself)"
        )
        parser.add_argument("--json", action="store_true", help="one problem a line, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each problem as it is found."""
        found = 0
        try:
            for problem in problems(now=timezone.now(), outside=options["outside"]):
                found += 1
                self.stdout.write(json.dumps(asdict(problem)) if options["json"] else str(problem))
        except (pipeline.LedgerUnavailableError, pipeline.LedgerConflictError) as error:
            raise CommandError(f"The ledger cannot be read, so nothing is known: {error}", returncode=2) from error
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        if found:
            raise CommandError(f"{found} problem{'s' if found > 1 else ''} found.")
        if not options["json"]:
            self.stdout.write("Rows, ledger and files agree.")
