from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Long work as rows."""

    name = "portal.jobs"
