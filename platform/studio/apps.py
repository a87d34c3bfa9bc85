"""The studio as a Django app: it owns the templates, static files, management commands and system checks."""

from contextlib import suppress

from django.apps import AppConfig
from django.conf import settings


class StudioConfig(AppConfig):
    """Makes the folder of what is embedded, and registers the system checks, when Django starts."""

    name = "studio"
    label = "studio"
    verbose_name = "Imprimatur"

    def ready(self) -> None:
        """Importing the module registers its checks.

        One of Django's own opens the database, in no certain order among them, and SQLite makes no folder.
        """
        from studio import checks  # noqa: F401

        with suppress(OSError):
            settings.VAR.mkdir(parents=True, exist_ok=True)
