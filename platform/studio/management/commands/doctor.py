"""`manage.py doctor`: is everything there that the product stands on, and do its workers answer?"""

import json
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from typing import Any

from django.core.checks import run_checks
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio.accounts.models import Organisation
from studio.operations import attention, health
from studio.operations.health import Sign


class Command(BaseCommand):
    """Exit status 0 when all is well, 1 with what is not."""

    help = "Look at settings, databases, broker, cache, disk, clock, mail, keys and workers, and say what to do."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Output for people or for programs."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py doctor --json"
        parser.add_argument("--json", action="store_true", help="one finding a line, as JSON")
        parser.add_argument("--without-workers", action="store_true", help="do not wait for workers to answer")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each finding as it is made."""
        ill = 0
        for sign in self.signs(workers=not options["without_workers"]):
            ill += not sign.well
            if options["json"]:
                self.stdout.write(json.dumps({"name": sign.name, "well": sign.well, "words": sign.words}))
            else:
                self.stdout.write(f"{'well' if sign.well else 'LOOK':<5} {sign.name:<12} {sign.words}")
        if ill:
            raise CommandError(f"{ill} thing{'s' if ill > 1 else ''} to look at.")

    def signs(self, *, workers: bool) -> Iterator[Sign]:
        """Everything, the quick first."""
        question = health.call_workers() if workers else ""
        for message in run_checks(include_deployment_checks=False):
            yield Sign(str(message.id), False, f"{message.msg}. {message.hint or ''}".strip())
        yield from health.signs()
        for organisation in Organisation.objects.order_by("slug"):
            for concern in attention.concerns(organisation, now=timezone.now()):
                yield Sign(organisation.slug, not concern.urgent, f"{concern.what}: {concern.cause}")
        if workers:
            yield from self.answers(question)

    @staticmethod
    def answers(question: str) -> list[Sign]:
        """What the workers say, waited for as long as the status page waits."""
        while True:
            found, waiting = health.workers(question, now=timezone.now())
            if not waiting:
                return found
            time.sleep(0.2)
