"""Brings an empty machine to the point where the product can start.

Both databases, and nothing that is already there twice.
"""

from django.conf import settings
from django.core.management import call_command

from studio import pipeline


def prepare() -> None:
    """Create or migrate Django's database and the ledger's tables, and the folders under `VAR_DIR`."""
    settings.VAR.mkdir(parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    pipeline.create_ledger()
