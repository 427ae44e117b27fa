"""What was in use before the portal is a declared release, with a deadline; it may have no version here."""

from django.db import migrations, models
import django.db.models.deletion

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return

TABLE = "registry_release"
STATES = ["planned", "active", "superseded", "rolled_back", "halted", "retired"]
BEFORE = (
    frozen_columns(TABLE, "state", STATES, ["state", "activated_at", "ended_at"]),
    no_return(
        TABLE,
        "OLD.state <> 'planned' AND NEW.state = 'planned'"
        " OR OLD.state NOT IN ('planned', 'active') AND OLD.* IS DISTINCT FROM NEW.*",
    ),
)
AFTER = (
    frozen_columns(TABLE, "state", [*STATES, "declared"], ["state", "activated_at", "ended_at", "reason"]),
    no_return(
        TABLE,
        "OLD.state <> 'planned' AND NEW.state = 'planned'"
        " OR OLD.state <> 'declared' AND NEW.state = 'declared'"
        " OR OLD.state = 'declared' AND NEW.state NOT IN ('declared', 'superseded', 'retired')"
        " OR OLD.state NOT IN ('planned', 'active', 'declared') AND OLD.* IS DISTINCT FROM NEW.*",
    ),
)


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('registry', '0012_lineage_indexes'),
    ]

    operations = [
        *(migrations.RunSQL(one.reverse_sql, one.sql) for one in BEFORE),
        migrations.AddField(
            model_name='release',
            name='deadline',
            field=models.DateField(help_text='The last day on which it may be declared and not approved.', null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='description',
            field=models.TextField(blank=True, default='', help_text='What is in use, where that was declared.'),
        ),
        migrations.AddField(
            model_name='release',
            name='in_use_since',
            field=models.DateField(help_text='Where that was declared.', null=True),
        ),
        migrations.AddField(
            model_name='release',
            name='reason',
            field=models.TextField(blank=True, default='', help_text='Why what was declared is not in use any more.'),
        ),
        migrations.AlterField(
            model_name='release',
            name='state',
            field=models.CharField(choices=[('planned', 'Planned'), ('declared', 'Declared'), ('active', 'Active'), ('superseded', 'Superseded'), ('rolled_back', 'Rolled back'), ('halted', 'Halted'), ('retired', 'Retired')], default='planned', max_length=12),
        ),
        migrations.AlterField(
            model_name='release',
            name='version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='registry.modelversion'),
        ),
        migrations.RemoveConstraint(
            model_name='release',
            name='one_active_release',
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['active', 'declared'])), fields=('model', 'environment'), name='one_release_in_use'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('deadline', None), ('description', ''), ('in_use_since', None), ('reason', ''), ('version__isnull', False), models.Q(('state', 'declared'), _negated=True)), models.Q(('activated_at', None), ('deadline__isnull', False), ('in_use_since__isnull', False), models.Q(('version__isnull', False), models.Q(('description', ''), _negated=True), _connector='OR')), _connector='OR'), name='release_declared_says_what'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), ('state', 'retired'), _connector='OR'), name='release_ended_with_its_reason'),
        ),
        *AFTER,
    ]
