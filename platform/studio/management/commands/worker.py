"""`manage.py worker ROLE`: one worker process in this terminal."""

import logging
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

QUEUES = {"control": "control", "generate": "generate", "train": "train"}


class Command(BaseCommand):
    """Runs a Celery worker with the solo pool: one piece of work at a time, models and keys loaded once."""

    help = (
        "Run one worker: `control` screens, checks, signs, records and sweeps; `generate` runs the model; `train` "
        "teaches models."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One positional role."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py worker generate"
        parser.add_argument("role", choices=sorted(QUEUES))
        parser.add_argument("--name", default="", help="tells workers of one role apart in logs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand over to Celery until it is told to stop."""
        from studio.celery import app

        role = options["role"]
        if role == "generate":
            self.load_model()
        arguments = [
            "--quiet",
            "worker",
            "--pool=solo",
            f"--queues={QUEUES[role]}",
            f"--hostname={role}{options['name']}@%h",
        ]
        level = logging.getLevelName(logging.getLogger().level)
        arguments += [f"--loglevel={level}", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        if role == "control":
            schedule = settings.VAR / f"beat{options['name']}"
            arguments += ["--beat", f"--schedule={schedule}"]
        app.worker_main(arguments)

    @staticmethod
    def load_model() -> None:
        """Let this worker's child load a model while the worker itself goes on starting."""
        from studio.jobs import making, tasks

        making.warm(tasks.press())
