"""`manage.py clock`: the development time-stamp authority in this terminal."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from studio import pipeline


class Command(BaseCommand):
    """Answers time-stamp requests on this machine until it is told to stop."""

    help = "Certify this machine's own clock, for development; with DEBUG off, TSA_URL names an independent authority."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py clock --port 3161"
        parser.add_argument("--port", type=int, default=3161)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve, on the loopback interface alone."""
        if not settings.DEBUG:
            raise CommandError("This clock is no independent witness; with DEBUG off, set TSA_URL to one that is.")
        pipeline.serve_development_clock(options["port"])
