"""The studio as a Django app: it owns the templates, static files, management commands and system checks."""

from django.apps import AppConfig


class StudioConfig(AppConfig):
    """Registers the system checks when Django starts."""

    name = "studio"
    label = "studio"
    verbose_name = "Imprimatur"

    def ready(self) -> None:
        """Importing the module registers its checks."""
        from studio import checks  # noqa: F401
