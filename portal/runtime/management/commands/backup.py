"""Save everything a restore needs, while the portal runs."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.runtime.dumps import BackupRefused
from portal.runtime.installation import EnvironmentIncomplete, server_at_hand
from portal.runtime.postgres import PostgresUnusable
from portal.runtime.saving import save


class Command(BaseCommand):
    help = "Write database, blobs and checkpoints into a new folder, keys into another; the portal may run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a new folder")
        parser.add_argument("--keys", type=Path, help="another new folder, for the private keys; without it none go")

    def handle(self, **options: Any) -> None:
        folder, keys = options["folder"].absolute(), options["keys"]
        if not settings.DATABASE_OWNER_URL:
            raise CommandError(f"No portal has run in {settings.HOME}, and DATABASE_OWNER_URL is not set.")
        os.umask(0o077)
        try:
            with server_at_hand():
                made = save(folder, keys=keys.absolute() if keys else None, tell=self._tell)
        except (BackupRefused, EnvironmentIncomplete, PostgresUnusable) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            raise CommandError(
                f"{problem}. Nothing was saved: make room or change rights, and start again."
            ) from problem
        if keys is None:
            self._tell("Keys", "not saved: without them no restore can be verified or continued. Save them once with")
            self._tell("", "--keys <folder>, and keep that folder apart from this one.")
        self.stdout.write(f"Saved in {folder}: ledger of {made.ledger_size:,} entries, {made.blobs:,} blobs.")

    def _tell(self, name: str, text: str) -> None:
        self.stdout.write(f"  {name:<12} {text}")
        self.stdout.flush()
