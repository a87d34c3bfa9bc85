"""Django's registration of this app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Named by its last part."""

    name = "studio.api"
    label = "api"
    verbose_name = "Programs"
