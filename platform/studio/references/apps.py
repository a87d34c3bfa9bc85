"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferencesConfig(AppConfig):
    """Named by its last part."""

    name = "studio.references"
    label = "references"
    verbose_name = _("Pictures an organisation protects")
