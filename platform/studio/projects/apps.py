"""Django's registration of this app."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.projects"
    label = "projects"
    verbose_name = "Projects and policies"
