"""Django's registration of this app."""

from django.apps import AppConfig


class ReferencesConfig(AppConfig):
    """Named by its last part."""

    name = "studio.references"
    label = "references"
    verbose_name = "Pictures an organisation protects"
