"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortrayalsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.portrayals"
    label = "portrayals"
    verbose_name = _("Whom the pictures show")
