"""`makemigrations` from the code alone: whether a database's history fits is checked by `migrate`."""

from typing import Any

from django.core.management.commands import makemigrations
from django.db import connections


class Command(makemigrations.Command):
    """Django's `makemigrations`, which otherwise waits for a database that need not be there."""

    def handle(self, *args: Any, **options: Any) -> None:
        connections.databases["default"]["ENGINE"] = "django.db.backends.dummy"
        super().handle(*args, **options)
