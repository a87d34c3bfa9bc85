"""Django's registration of this app."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Named by its last part."""

    name = "studio.catalogue"
    label = "catalogue"
    verbose_name = "Models"
