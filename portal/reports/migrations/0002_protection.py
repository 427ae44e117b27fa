"""What this installation made stays as it was made: a finished pack's row can't be changed or deleted."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY, frozen_columns


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), DEPENDENCY]

    operations = [frozen_columns("reports_evidencepack", "state", ("done", "errored", "cancelled"))]
