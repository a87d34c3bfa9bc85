"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    """Named by its last part."""

    name = "studio.catalogue"
    label = "catalogue"
    verbose_name = _("Models")
