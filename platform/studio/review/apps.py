"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReviewConfig(AppConfig):
    """Named by its last part."""

    name = "studio.review"
    label = "review"
    verbose_name = _("Reviews and releases")
