"""Django's registration of this app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.jobs"
    label = "jobs"
    verbose_name = "Requests and pictures"
