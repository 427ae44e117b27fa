"""Put a new key in place of an old one."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.errors import DomainError
from portal.keys.models import PublicKey
from portal.runtime.rotation import FORMER_SECRET, rotate_checkpoint_key, rotate_decision_key, rotate_session_key


class Command(BaseCommand):
    help = "Make a new key of this purpose, put it in place of the old one, and register its public part."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("purpose", choices=["decision", "checkpoint", "session"])
        parser.add_argument("--at-once", action="store_true", help="session: end every session, as after a leak")
        parser.add_argument(
            "--former-lost", action="store_true", help="checkpoint: go on although the old private key is gone"
        )

    def handle(self, **options: Any) -> None:
        try:
            self._rotate(options)
        except (DomainError, OSError, TypeError, ValueError, psycopg.OperationalError) as refusal:
            raise CommandError(str(refusal)) from refusal

    def _rotate(self, options: dict[str, Any]) -> None:
        if options["purpose"] == "session":
            rotate_session_key(at_once=options["at_once"])
            kept = f"{settings.KEYS_DIR}/{FORMER_SECRET}"
            rest = "Everybody signs in again" if options["at_once"] else f"Remove {kept} after a day"
            self.stdout.write(f"A new session key is in place. Start web again, on every machine. {rest}.")
        elif options["purpose"] == "decision":
            self._told(rotate_decision_key(), "Copy decision.key to every machine of web, which signs with no other.")
        elif not settings.DATABASE_SEQUENCER_URL:
            raise CommandError("Set DATABASE_SEQUENCER_URL: the old key signs the entry that names the new one.")
        else:
            made = rotate_checkpoint_key(former_lost=options["former_lost"])
            self._told(made, f"Keep a copy of {settings.HOME}/checkpoints/keys elsewhere, as of the checkpoints.")

    def _told(self, key: PublicKey, next_step: str) -> None:
        self.stdout.write(f"The new {key.purpose} key is {key.key_id}; the old private key is gone. {next_step}")
