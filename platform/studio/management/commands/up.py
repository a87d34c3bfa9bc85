"""`manage.py up`: the whole product in one terminal."""

import signal
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio.operations.installation import prepare
from studio.operations.processes import Processes
from studio.operations.sample import PASSWORD, PEOPLE, prepare_sample

ENDING = (signal.SIGINT, signal.SIGTERM)


def _end(*_: object) -> None:
    """A supervisor's SIGTERM ends the roles as Ctrl-C does; a second of either must not cut that short."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class Command(BaseCommand):
    """Prepares the databases and the sample organisation, then runs web and workers until Ctrl-C."""

    help = "Serve the product with its workers, in this terminal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py up --port 8000"
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Start every role and wait; one that dies ends them all with an error."""
        prepare()
        sample = prepare_sample(at=timezone.now())
        self.stdout.write(f"Imprimatur  http://127.0.0.1:{options['port']}\n\n  {sample.organisation.name}: sign in as")
        for name in ("operator", *PEOPLE):
            self.stdout.write(f"    {name:<14} {PASSWORD}")
        self.stdout.write("\n  These accounts and keys are for looking around on this machine. Ctrl-C ends it all.")
        if not settings.TSA_URL:
            self.stdout.write(
                "  Time-stamps come from a development clock on this machine, which is no independent witness."
            )
        self.stdout.write("")
        for number in ENDING:
            signal.signal(number, _end)
        with Processes(None) as processes:
            try:
                processes.start_signing()
                processes.start("web", "--port", str(options["port"]))
                for role in ("control", "generate", "train"):
                    processes.start(role)
                while not (died := processes.died()):
                    time.sleep(0.5)
            except KeyboardInterrupt:
                self.stdout.write("ending …")
                return
        raise CommandError(f"{', '.join(died)} ended by itself; see its last lines above.")
