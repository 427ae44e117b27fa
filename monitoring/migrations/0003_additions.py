"""Nothing is measured or checked in a run that does not work now."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY_OF_ADDITIONS, added_while


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_protection"), DEPENDENCY_OF_ADDITIONS]

    operations = [
        added_while("monitoring_measurement", "run_id", "monitoring_validationrun", ["running"]),
        added_while("monitoring_validationcheck", "run_id", "monitoring_validationrun", ["running"]),
    ]
