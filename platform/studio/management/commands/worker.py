"""`manage.py worker ROLE`: one worker process in this terminal."""

import logging
import os
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError

from studio import pipeline

logger = logging.getLogger(__name__)

# Where screening or sweeping is too much for one process, `screen` and `sweep` run instead of `control`.
QUEUES = {
    "control": "control,screen",
    "screen": "screen",
    "sweep": "control",
    "generate": "generate",
    "train": "train",
    "sign": "seal",
}
# Less than its model's: a claim holds a project's row, and a page may wait for that.
NICENESS = 5
SCREENING = ("control", "screen")
SWEEPING = ("control", "sweep")


class Command(BaseCommand):
    """Runs a Celery worker with the solo pool: one piece of work at a time, models and keys loaded once."""

    help = (
        "Run one worker: `control` screens, checks, records and sweeps (`screen` and `sweep` do one half each);"
        " `generate` runs the model; `train` teaches models; `sign` alone opens the signing keys."
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

        self.check(tags=[Tags.database], databases=["default"])
        pipeline.give_way(os.getpid(), NICENESS)
        role = options["role"]
        if role == "generate":
            self.load_model()
        if role == "sign":
            self.open_keys()
        if role in SCREENING:
            self.load_screens()
        arguments = [
            "--quiet",
            "worker",
            "--pool=solo",
            f"--queues={QUEUES[role]}",
            f"--hostname={role}{options['name']}@%h",
        ]
        level = logging.getLevelName(logging.getLogger().level)
        arguments += [f"--loglevel={level}", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        if role in SWEEPING:
            arguments += ["--beat", "--scheduler=studio.scheduler:Scheduler"]
        app.worker_main(arguments)

    @staticmethod
    def load_model() -> None:
        """Let this worker's child load a model while the worker itself goes on starting."""
        from studio.jobs import making, tasks

        making.warm(tasks.press())

    @staticmethod
    def load_screens() -> None:
        """Load the screens before the first task; what is wrong with them is said when they are asked.

        In this thread and not beside it: threadpoolctl, which the encoder uses, walks through the loaded libraries with
        the loader's lock in its hand and asks for Python's. A task that imports an extension meanwhile holds Python's
        and asks for the loader's, and both wait for ever (joblib/threadpoolctl#239).
        """
        try:
            pipeline.warm_screens()
        except Exception:
            logger.exception("the screens could not be loaded beforehand")

    @staticmethod
    def open_keys() -> None:
        """Let this process sign, or end with what is missing."""
        try:
            pipeline.open_for_signing()
        except pipeline.ProvenanceError as error:
            raise CommandError(str(error)) from error
