"""What the lineage of training runs is found by; built beside a portal in use."""

from django.db import migrations, models

from portal.core.migrating import AddIndexBesideUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registry", "0011_lineage")]

    operations = [
        AddIndexBesideUse("trainingrun", models.Index(fields=["parent"], name="training_parent")),
        AddIndexBesideUse("trainingrun", models.Index(fields=["lineage_run"], name="training_lineage_run")),
    ]
