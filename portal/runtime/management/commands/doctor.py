"""Say what holds and what to do about what does not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.runtime.checkup import environment, findings


class Command(BaseCommand):
    help = (
        "Look at the environment, keys, database, broker, cage, ledger and libraries; exit 1 when something is wrong."
    )
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        del options
        self.stdout.write("Environment")
        for name, value in environment():
            self.stdout.write(f"  {name:<24} {value}")
        self.stdout.write("Findings")
        wrong = 0
        for finding in findings():
            self.stdout.write(f"  {'ok   ' if finding.holds else 'wrong'}  {finding.name:<22} {finding.detail}")
            if not finding.holds:
                wrong += 1
                self.stdout.write(f"         {'':<22} {finding.remedy}")
        if wrong:
            raise CommandError(f"{wrong} {'thing needs' if wrong == 1 else 'things need'} care.")
