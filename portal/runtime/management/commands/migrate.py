"""`migrate` as the owner role: the app role that the portal runs as cannot change tables.

It runs beside a portal that is used. A change of a table waits for whoever uses it, and everybody else queues behind
the waiting change; so it waits briefly, lets the queue go, and tries again.
"""

import time
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections

from portal.settings import database

TURN = 0x6D696772617465  # advisory lock: one migrate at a time ("migrate")
_LOCK_SECONDS = 4
_TRIES = 15
_PAUSE = 6.0


class Command(migrate.Command):
    """Django's `migrate` over DATABASE_OWNER_URL, with short waits for locks."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-seconds", type=float, default=_LOCK_SECONDS, help="how long a table may be waited for at a time"
        )
        parser.add_argument("--tries", type=int, default=_TRIES, help="how often it is tried")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DATABASE_OWNER_URL:
            raise CommandError("DATABASE_OWNER_URL is not set: migrations run as the owner of the tables.")
        connection = connections["default"]
        connection.close()
        connection.settings_dict |= database(settings.DATABASE_OWNER_URL)
        given = connection.settings_dict["OPTIONS"]
        given.pop("pool", None)
        # What a role or a server says of statements would end a long migration half way.
        waits = f"-c lock_timeout={int(options['lock_seconds'] * 1000)} -c statement_timeout=0"
        given["options"] = f"{given.get('options', '')} {waits}".strip()
        for left in reversed(range(options["tries"])):
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_lock(%s)", [TURN])
                super().handle(*args, **options)
            except OperationalError as error:
                if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                    raise
                if not left:
                    raise CommandError(_held(options)) from error
                self.stderr.write(f"A table is in use; tried again in {_PAUSE:.0f} s, {left} tries left.")
                connection.close()
                time.sleep(_PAUSE)
            else:
                return


def _held(options: dict[str, Any]) -> str:
    """Say what to do when a table did not get free."""
    return (
        f"A table did not get free in {options['tries']} tries of {options['lock_seconds']:g} s. What was applied"
        " before stays, and the portal runs on as it was. A long transaction, a backup (pg_dump) or another migrate"
        " holds it: pg_stat_activity names it by pid and xact_start. Let it end, or end it with"
        " pg_terminate_backend(pid); then run migrate again."
    )
