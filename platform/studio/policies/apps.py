"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    """Named by its last part."""

    name = "studio.policies"
    label = "policies"
    verbose_name = _("Policies being written")
