from django.apps import AppConfig


class UiConfig(AppConfig):
    """What every page looks like: static files, template tags, forms."""

    name = "portal.ui"
