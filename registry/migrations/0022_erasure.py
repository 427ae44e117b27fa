"""Rows can be erased: a finished snapshot loses its bytes once, by somebody with a reason, and changes no more."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY

TRIGGERS = """
DROP TRIGGER registry_datasetsnapshot_frozen ON registry_datasetsnapshot;
CREATE TRIGGER registry_datasetsnapshot_frozen BEFORE UPDATE OR DELETE ON registry_datasetsnapshot FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse_frozen(
        'state', 'ready,refused,failed', 'blob_id,erased_at,erased_by_id,erasure_reason'
    );
ALTER TABLE registry_datasetsnapshot ENABLE ALWAYS TRIGGER registry_datasetsnapshot_frozen;

-- What the first lets through is an erasure, whole and once.
CREATE TRIGGER registry_datasetsnapshot_erased_once BEFORE UPDATE ON registry_datasetsnapshot FOR EACH ROW
    WHEN (
        OLD.state IN ('ready', 'refused', 'failed') AND OLD.* IS DISTINCT FROM NEW.*
        AND NOT (OLD.blob_id IS NOT NULL AND NEW.blob_id IS NULL AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL)
    )
    EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE registry_datasetsnapshot ENABLE ALWAYS TRIGGER registry_datasetsnapshot_erased_once;
"""
DROP_TRIGGERS = """
DROP TRIGGER registry_datasetsnapshot_erased_once ON registry_datasetsnapshot;
DROP TRIGGER registry_datasetsnapshot_frozen ON registry_datasetsnapshot;
CREATE TRIGGER registry_datasetsnapshot_frozen BEFORE UPDATE OR DELETE ON registry_datasetsnapshot FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse_frozen('state', 'ready,refused,failed', '');
ALTER TABLE registry_datasetsnapshot ENABLE ALWAYS TRIGGER registry_datasetsnapshot_frozen;
"""


class Migration(migrations.Migration):
    locks = "a check over a table with a row for each file of rows: one reading"
    dependencies = [
        DEPENDENCY,
        ('blobs', '0001_initial'),
        ('registry', '0021_snapshot_location'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='datasetsnapshot', name='erased_at', field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name='datasetsnapshot',
            name='erased_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='datasetsnapshot', name='erasure_reason', field=models.TextField(blank=True, default='')
        ),
        migrations.AddConstraint(
            model_name='datasetsnapshot',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('erased_at', None), ('erased_by', None), ('erasure_reason', '')), models.Q(('blob', None), ('erased_at__isnull', False), ('erased_by__isnull', False), models.Q(('erasure_reason', ''), _negated=True)), _connector='OR'), name='snapshot_erased_by_somebody'),
        ),
        migrations.RunSQL(TRIGGERS, DROP_TRIGGERS),
    ]
