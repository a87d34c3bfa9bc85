"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.projects"
    label = "projects"
    verbose_name = _("Projects and policies")
