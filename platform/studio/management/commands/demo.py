"""`manage.py demo`: the main job, end to end, on this machine."""

import json
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio.operations.demonstration import Demonstration, DemonstrationError
from studio.operations.installation import prepare
from studio.operations.sample import prepare_sample


class Command(BaseCommand):
    """Runs the demonstration and says where its results lie; exit status 0 only if every step was verified."""

    help = "Make, screen, sign, approve, release and verify pictures, with real workers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the results go."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py demo --json"
        parser.add_argument("--out", type=Path, default=settings.VAR / "demo")
        parser.add_argument("--json", action="store_true", help="print the report at the end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, run, tell."""
        began = time.monotonic()
        self.stdout.write("Imprimatur: one campaign, from request to released picture\n")
        prepare()
        sample = prepare_sample(at=timezone.now())
        demonstration = Demonstration(sample, options["out"], lambda line: self.stdout.write(line))
        demonstration.timings["preparation"] = round(time.monotonic() - began, 2)
        try:
            report = demonstration.run()
        except DemonstrationError as error:
            raise CommandError(f"The demonstration failed: {error}") from error
        facts = json.loads(report.read_text(encoding="utf-8"))
        self.stdout.write(f"\n  released picture   {facts['released']['path']}")
        self.stdout.write(f"  verdict            {facts['released']['verdict']}   (python -m provenance verify)")
        self.stdout.write(f"  auditor's pack     {facts['pack']}   (checked by the script inside it)")
        self.stdout.write(f"  report             {report}")
        self.stdout.write("\nTo look at it all in the browser: make up\n")
        if options["json"]:
            self.stdout.write(json.dumps(facts))
