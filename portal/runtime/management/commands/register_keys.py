"""Make known, in the portal and its ledger, the public parts of the keys that lie in KEYS_DIR."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import DomainError
from portal.runtime.rotation import register_keys


class Command(BaseCommand):
    help = "Register the public part of every key in KEYS_DIR that this user can read; safe to repeat."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        try:
            made = register_keys()
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        if options["verbosity"]:
            for key in made:
                self.stdout.write(f"{key.purpose}  {key.key_id}")
            self.stdout.write("Registered." if made else "Nothing new: these keys are registered.")
