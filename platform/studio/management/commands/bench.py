"""`manage.py bench`: what the frame costs."""

import json
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studio.operations.benchmark import measures
from studio.operations.installation import prepare


class Command(BaseCommand):
    """Prints each measure beside its goal; exit status 1 when one is not met."""

    help = "Measure start-up and the broker's round trip."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py bench --rounds 9 --json"
        parser.add_argument("--rounds", type=int, default=7)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and tell."""
        prepare()
        missed = []
        for measure in measures(rounds=options["rounds"]):
            if not measure.met:
                missed.append(measure.name)
            line = f"{measure.name:<34} {measure.value:>7} {measure.unit:<3} goal ≤ {measure.goal}"
            self.stdout.write(json.dumps(asdict(measure)) if options["json"] else line)
        if missed:
            raise CommandError("not met: " + ", ".join(missed))
