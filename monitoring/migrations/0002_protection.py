"""Plans, measurements and checks are insert-only; a run is frozen once it has ended; one run of a version is open."""

from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, insert_only


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial"), DEPENDENCY]

    operations = [
        migrations.AddConstraint(
            model_name="validationrun",
            constraint=models.UniqueConstraint(
                fields=["version"], condition=models.Q(state__in=["queued", "running"]), name="one_open_run"
            ),
        ),
        insert_only("monitoring_validationplan"),
        insert_only("monitoring_measurement"),
        insert_only("monitoring_validationcheck"),
        frozen_columns(
            "monitoring_validationrun", "state", ("passed", "failed", "errored", "cancelled", "timed_out")
        ),
    ]
