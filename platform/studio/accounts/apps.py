"""Django's registration of this app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.accounts"
    label = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Hear what the sign-in library tells."""
        from studio.accounts import heard  # noqa: F401
