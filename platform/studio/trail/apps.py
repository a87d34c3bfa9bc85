"""Django's registration of this app."""

from django.apps import AppConfig


class TrailConfig(AppConfig):
    """Named by its last part."""

    name = "studio.trail"
    label = "trail"
    verbose_name = "Trail"
