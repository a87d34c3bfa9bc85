"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrailConfig(AppConfig):
    """Named by its last part."""

    name = "studio.trail"
    label = "trail"
    verbose_name = _("Trail")
