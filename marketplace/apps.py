from django.apps import AppConfig

from marketplace.celery import app


class MarketplaceConfig(AppConfig):
    name = "marketplace"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Whoever rings a task by name must ring through our own broker."""
        app.set_default()
