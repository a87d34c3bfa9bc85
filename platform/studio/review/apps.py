"""Django's registration of this app."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Named by its last part."""

    name = "studio.review"
    label = "review"
    verbose_name = "Reviews and releases"
