from django.apps import AppConfig


class ThreadsConfig(AppConfig):
    """Threads: what people say about a thing; which thing it is, the app above knows."""

    name = "portal.threads"
