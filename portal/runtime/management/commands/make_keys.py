"""Make the keys of a new installation that `up` does not run."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.runtime.keys import make_keys


class Command(BaseCommand):
    help = "Make the private keys that KEYS_DIR lacks; one that is there is never touched."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        del options
        made = make_keys(settings.KEYS_DIR)
        self.stdout.write(f"Made in {settings.KEYS_DIR}: {', '.join(made)}." if made else "Every key is there.")
