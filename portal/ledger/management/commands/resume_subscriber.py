"""Let a parked subscriber try again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.actors import SYSTEM
from portal.core.errors import DomainError
from portal.ledger.subscriptions import resume


class Command(BaseCommand):
    help = "Let a subscriber that failed too often try again, at the entry where it stopped; doctor names it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, **options: Any) -> None:
        try:
            resume(actor=SYSTEM, name=options["name"])
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write("It tries again within a second, if the sequencer runs.")
