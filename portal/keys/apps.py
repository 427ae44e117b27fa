from django.apps import AppConfig


class KeysConfig(AppConfig):
    """Public keys: what was signed is verified with them, also after a rotation."""

    name = "portal.keys"
