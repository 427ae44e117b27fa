"""`migrate` as the owner role: the app role that the portal runs as cannot change tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from portal.settings import database


class Command(migrate.Command):
    """Django's `migrate` over DATABASE_OWNER_URL."""

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_OWNER_URL:
            raise CommandError("DATABASE_OWNER_URL is not set: migrations run as the owner of the tables.")
        connection = connections["default"]
        connection.close()
        connection.settings_dict |= database(settings.DATABASE_OWNER_URL)
        connection.settings_dict["OPTIONS"].pop("pool", None)
        super().handle(*args, **options)
