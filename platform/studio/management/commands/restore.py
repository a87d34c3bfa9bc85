"""`manage.py restore FOLDER`: a whole installation from a backup, into one that has nothing yet."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio import pipeline
from studio.operations import backup
from studio.operations.backup.restoring import verify


class Command(BaseCommand):
    """Exit status 0 when everything agrees, 1 where it was restored and something does not, 2 where it was not."""

    help = (
        "Restore a backup into empty databases, and check everything against everything. Give the checkpoints that "
        "were kept outside of the backup, and one that is too old is told."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where from, and what to compare with."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py restore /mnt/elsewhere/2026-11-30 --outside /mnt/witness/checkpoints"
        parser.add_argument("folder", type=Path, help="what manage.py backup wrote")
        parser.add_argument("--look", action="store_true", help="only look whether the backup is whole; write nothing")
        parser.add_argument(
            "--outside", type=Path, metavar="FOLDER", help="a copy of CHECKPOINT_DIR from elsewhere (default: itself)"
        )
        parser.add_argument("--json", action="store_true", help="what came of it, as JSON on one line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore and tell."""
        folder, quiet = options["folder"].absolute(), options["json"]
        try:
            if options["look"]:
                manifest = verify(folder, quiet=quiet)
                told = f"{folder} is whole: made {manifest.made}, {manifest.files} files."
                self.stdout.write(json.dumps(asdict(manifest)) if quiet else told)
                return
            restored = backup.restore(folder, now=timezone.now(), outside=options["outside"], quiet=quiet)
        except (backup.BackupError, pipeline.ProvenanceError, OSError, ValueError) as error:
            raise CommandError(f"Not restored: {error}", returncode=2) from error
        if quiet:
            self.stdout.write(json.dumps(asdict(restored)))
        else:
            self._tell(restored)
        if restored.problems:
            raise CommandError(
                f"It was restored, and {len(restored.problems)} things do not agree. Start no worker before you know"
                " why; docs/runbooks.md says what to do."
            )

    def _tell(self, restored: backup.Restored) -> None:
        self.stdout.write(f"Restored what was made {restored.manifest.made}: {restored.manifest.files} files.")
        if restored.owed:
            self.stdout.write(f"{restored.owed} entries that were owed to the ledger were appended.")
        if restored.discarded:
            self.stdout.write(f"{restored.discarded} pictures on their way had lost their pixels, and were ended.")
        for concern in restored.concerns:
            self.stdout.write(f"LOOK  {concern}")
        for problem in restored.problems:
            self.stdout.write(str(problem))
        if not restored.problems:
            self.stdout.write("Rows, ledger and files agree. Everybody signs in anew.")
