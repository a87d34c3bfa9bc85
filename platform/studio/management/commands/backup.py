"""`manage.py backup FOLDER`: everything that a whole installation is restored from."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio import pipeline
from studio.operations import backup

MEGABYTE = 10**6


class Command(BaseCommand):
    """Exit status 0 with a whole backup, 1 where a signed file was found altered, 2 where there is none."""

    help = (
        "Copy both databases as of one moment, the signed files, the quarantine, models and certificates into a new "
        "folder. It is as confidential as the databases; passphrases and VAULT_KEY are never in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and what besides."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py backup /mnt/elsewhere/2026-11-30"
        parser.add_argument("folder", type=Path, help="a folder that is empty or not there yet")
        parser.add_argument(
            "--with-keys", action="store_true", help="take the signing keys along, under their passphrase, as they lie"
        )
        parser.add_argument(
            "--without-files",
            action="store_true",
            help="leave the stores of signed files and of the quarantine to their own means",
        )
        parser.add_argument("--json", action="store_true", help="the manifest, as JSON on one line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and tell."""
        folder = options["folder"].absolute()
        try:
            manifest = backup.make(
                folder,
                now=timezone.now(),
                keys=options["with_keys"],
                files=not options["without_files"],
                quiet=options["json"],
            )
        except (backup.BackupError, pipeline.ProvenanceError, OSError) as error:
            raise CommandError(f"No backup was made: {error}", returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(manifest)))
        else:
            self._tell(folder, manifest, with_keys=options["with_keys"])
        if manifest.damaged:
            raise CommandError(
                f"{len(manifest.damaged)} signed files were altered in the store and are not in the backup, the first "
                f"is {manifest.damaged[0]}: put them back from an older backup."
            )

    def _tell(self, folder: Path, manifest: backup.Manifest, *, with_keys: bool) -> None:
        self.stdout.write(f"{folder}: {manifest.files} files, {manifest.bytes / MEGABYTE:.1f} MB")
        for log in manifest.logs:
            self.stdout.write(f"  {log['log']}: {log['size']} entries")
        self.stdout.write("Not in it, keep it elsewhere: " + ", ".join(manifest.left_out) + ".")
        if with_keys:
            self.stdout.write("Signing keys are in it: whoever has it and the passphrase signs in your name.")
        self.stdout.write(f"Whether it is whole: manage.py restore --look {folder}")
