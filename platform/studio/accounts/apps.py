"""Django's registration of this app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Named by its last part."""

    name = "studio.accounts"
    label = "accounts"
    verbose_name = "People"
