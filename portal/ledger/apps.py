from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class LedgerConfig(AppConfig):
    """The ledger; on start it loads every app's declared events and their listeners."""

    name = "portal.ledger"

    def ready(self) -> None:
        """Fill the catalogue: listeners register themselves when their module is loaded."""
        autodiscover_modules("events", "reactions", "subscribers")
