"""The policy that comes with Countersign, where it is missing."""

from typing import Any

from django.core.management.base import BaseCommand

from governance.services.policies import ensure_default_policy
from portal.core.actors import SYSTEM


class Command(BaseCommand):
    help = "Publish the policy that comes with Countersign, by the system, unless it is there; safe to repeat."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        published = ensure_default_policy(actor=SYSTEM)
        if options["verbosity"]:
            self.stdout.write(f"{published} is published.")
