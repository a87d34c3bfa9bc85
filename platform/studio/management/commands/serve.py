"""`manage.py serve`: the web process in this terminal."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

import uvicorn
from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import BaseCommand

# Longer than proxies keep an idle connection to us (Caddy: 120): one that we hung up on would lose a request.
KEEP_ALIVE_SECONDS = 150


class Command(BaseCommand):
    """Serves the studio over ASGI with uvicorn."""

    help = "Serve the pages over HTTP."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py serve --port 8000"
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Hand over to uvicorn until it is told to stop."""
        # Style sheets come from where they lie; a folder of collected ones is looked for all the same.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        self.check(tags=[Tags.database], databases=["default"])
        uvicorn.run(
            "studio.asgi:application",
            host=options["host"],
            port=options["port"],
            # Its own lines are written as all others are, and quote nobody.
            log_config=None,
            log_level="warning",
            server_header=False,
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
