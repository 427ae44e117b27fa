"""`manage.py ledger_recover`: go on in a new epoch after entries were lost."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.errors import DomainError
from portal.ledger import epochs
from portal.ledger.recovery import recover


class Command(BaseCommand):
    help = (
        "Go on after a restore that lost entries: open a new epoch of the ledger and declare what was lost. "
        "It can't be taken back; look for a later backup first."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do it without asking")

    def handle(self, **options: Any) -> None:
        if not settings.DATABASE_SEQUENCER_URL:
            raise CommandError("DATABASE_SEQUENCER_URL is not set: the ledger is written by a role of its own.")
        if not options["yes"] and input("Declare the entries after this backup lost for good? [yes/no] ") != "yes":
            raise CommandError("Nothing was done.")
        try:
            with psycopg.connect(settings.DATABASE_SEQUENCER_URL, autocommit=True) as connection:
                opening = recover(connection)
        except psycopg.OperationalError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        origin = epochs.origin_of(settings.LEDGER_ORIGIN, opening.epoch)
        self.stdout.write(f"Epoch {opening.epoch} begins at entry {opening.start}; checkpoints now say {origin}.")
        for lost in opening.lost:
            self.stdout.write(f"Declared lost: entries {lost.after} to {lost.size - 1} of epoch {lost.epoch}.")
