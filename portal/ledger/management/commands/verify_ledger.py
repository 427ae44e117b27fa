"""`manage.py verify_ledger`: recompute the whole log; exit code 1 when anything is wrong."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.ledger.verification import verify_ledger


class Command(BaseCommand):
    help = "Recompute every hash of the ledger and hold it against all signed checkpoints."

    def handle(self, *_args: Any, **_options: Any) -> None:
        result = verify_ledger()
        for problem in result.problems:
            self.stderr.write(problem)
        if not result.intact:
            self.stderr.write(f"not intact: {result.entries} entries, {result.checkpoints} checkpoints read")
            sys.exit(1)
        self.stdout.write(f"intact: {result.entries} entries, {result.checkpoints} checkpoints, root {result.root}")
        for opening, lost in result.lost:
            self.stdout.write(
                f"lost: entries {lost.after} to {lost.size - 1} of epoch {lost.epoch}, "
                f"as entry {opening.start} declares, which opened epoch {opening.epoch}"
            )
