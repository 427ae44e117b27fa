from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The REST door."""

    name = "portal.api"
