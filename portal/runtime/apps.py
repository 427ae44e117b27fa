"""Django's entry for the runtime commands, and the look that every program takes at itself before it starts."""

import os

from django.apps import AppConfig
from django.conf import settings

from portal.runtime.soundness import require_sound


class RuntimeConfig(AppConfig):
    """Commands only: no models."""

    name = "portal.runtime"
    label = "runtime"

    def ready(self) -> None:
        """Refuse to be a program of a production installation that is not sound."""
        require_sound(settings.ENVIRONMENT, os.environ)
