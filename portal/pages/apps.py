from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The browser door."""

    name = "portal.pages"
