"""Django's registration of this app."""

from django.apps import AppConfig


class PortrayalsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.portrayals"
    label = "portrayals"
    verbose_name = "Whom the pictures show"
