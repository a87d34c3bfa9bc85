"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.jobs"
    label = "jobs"
    verbose_name = _("Requests and pictures")
