"""Brings an empty machine to the point where the product can start.

Both databases, a development clock, and nothing that is already there twice.
"""

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from studio import pipeline


def prepare() -> None:
    """Create or migrate Django's database and the ledger's tables, the folders under `VAR_DIR` and the
    watermark's key.

    Where no time-stamp authority is configured, also the keys of the development clock.
    """
    settings.VAR.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    # Does something only where CACHE_URL asks for a table.
    call_command("createcachetable", verbosity=0)
    pipeline.create_ledger()
    pipeline.create_watermark_key()
    if settings.DEBUG and not settings.TSA_URL:
        pipeline.prepare_development_clock(now=timezone.now())
