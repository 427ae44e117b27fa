"""Put a backup into an empty home or an empty database."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.runtime.dumps import BackupRefused
from portal.runtime.installation import EnvironmentIncomplete
from portal.runtime.postgres import PostgresUnusable
from portal.runtime.restoring import restore


class Command(BaseCommand):
    help = "Check a backup, put it into an empty home or database, verify the ledger, and say what was restored."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="what `backup` wrote")
        parser.add_argument("--keys", type=Path, help="where `backup --keys` wrote; without it those in KEYS_DIR")

    def handle(self, **options: Any) -> None:
        try:
            done = restore(options["folder"], keys=options["keys"], tell=self._tell)
        except (BackupRefused, EnvironmentIncomplete, PostgresUnusable) as problem:
            raise CommandError(str(problem)) from problem
        except OSError as problem:
            raise CommandError(
                f"{problem}. The restore did not come to its end: remove what it put into {settings.HOME}, then again."
            ) from problem
        self._tell("Ledger", done.said)
        if not done.intact:
            raise CommandError(
                "Everything was put back, but the ledger does not verify. Where it lost entries that were signed after "
                "this backup, look for a later one; without one, manage.py ledger_recover goes on from here."
            )
        made = done.manifest
        self.stdout.write(
            f"Restored the portal of {made.made_at}: ledger of {made.ledger_size:,} entries, {made.blobs:,} blobs.\n"
            "Jobs that waited then are published again by themselves."
        )

    def _tell(self, name: str, text: str) -> None:
        self.stdout.write(f"  {name:<12} {text}")
        self.stdout.flush()
