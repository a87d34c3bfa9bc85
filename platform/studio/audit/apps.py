"""Django's registration of this app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Named by its last part."""

    name = "studio.audit"
    label = "audit"
