"""Django's registration of this app."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Named by its last part."""

    name = "studio.policies"
    label = "policies"
    verbose_name = "Policies being written"
