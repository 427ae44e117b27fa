"""A registered key stays as it was registered; it can be retired, once."""

from django.db import migrations

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return


class Migration(migrations.Migration):
    dependencies = [("keys", "0001_initial"), DEPENDENCY]

    operations = [
        frozen_columns("keys_publickey", "purpose", ("decision", "checkpoint"), ("valid_until",)),
        no_return("keys_publickey", "OLD.valid_until IS NOT NULL"),
    ]
