"""Django's registration of this app."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.operations"
    label = "operations"
