"""Django's registration of this app; from then on it hears what is noted."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Named by its last part."""

    name = "studio.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        """Listen to the trail."""
        from studio.trail.actions import noted
        from studio.webhooks.events import hear

        noted.connect(hear, dispatch_uid="webhooks")
