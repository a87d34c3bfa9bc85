"""`manage.py setup`: the first steps on a fresh installation."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from studio.operations.first_steps import SetupClosedError, open_setup
from studio.operations.installation import prepare


class Command(BaseCommand):
    """Prepares the databases and prints a link that makes its holder the operator, once."""

    help = "Prepare a fresh installation and print the link of its first steps; a new link ends the one before."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where the web process is reached."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py setup --address https://studio.example"
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the web process is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare and print; with accounts there is nothing to set up."""
        prepare()
        try:
            secret = open_setup(at=timezone.now())
        except SetupClosedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Open this link in a browser; whoever does so first looks after the installation:\n")
        self.stdout.write(f"  {options['address'].rstrip('/')}{reverse('setup-begin')}?key={secret}\n")
        self.stdout.write("The workers must run meanwhile: web, control, generate and sign (docs/architecture.md).")
