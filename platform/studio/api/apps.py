"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Named by its last part."""

    name = "studio.api"
    label = "api"
    verbose_name = _("Programs")
