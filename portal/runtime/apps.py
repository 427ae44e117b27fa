"""Django's entry for the runtime commands."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    """Commands only: no models."""

    name = "portal.runtime"
    label = "runtime"
