"""Lineage: runs elsewhere and the events that told of them, edges, snapshots by reference, more of training runs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, insert_only, no_return

STATES = ["named", "started", "running", "complete", "failed", "aborted"]
# Beside the trigger for the other states, which stays as it is.
REFERENCED = """
CREATE TRIGGER registry_datasetsnapshot_referenced BEFORE UPDATE OR DELETE ON registry_datasetsnapshot
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_frozen('state', 'referenced', '');
ALTER TABLE registry_datasetsnapshot ENABLE ALWAYS TRIGGER registry_datasetsnapshot_referenced;
"""
DROP_REFERENCED = "DROP TRIGGER registry_datasetsnapshot_referenced ON registry_datasetsnapshot;"


class Migration(migrations.Migration):
    locks = "an index over snapshots of a state that none has yet: one reading of a table with a row for each file"
    dependencies = [
        DEPENDENCY,
        ('accounts', '0006_former_addresses'),
        ('blobs', '0001_initial'),
        ('registry', '0010_signers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LineageEdge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stated_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='LineageEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_type', models.CharField(help_text='START, RUNNING, COMPLETE, FAIL, ABORT or OTHER.', max_length=10)),
                ('event_time', models.DateTimeField()),
                ('producer', models.CharField(max_length=400)),
                ('body', models.JSONField(help_text='The whole event.')),
                ('digest', models.CharField(help_text='SHA-256 over the canonical JSON of the body.', max_length=64)),
                ('unread', models.JSONField(default=list, help_text='[{where, why}]: what leads to nothing here.')),
                ('received_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['event_time', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='LineageRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run_id', models.UUIDField(help_text='As its producer named it.')),
                ('namespace', models.CharField(max_length=300)),
                ('name', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('named', 'Named'), ('started', 'Started'), ('running', 'Running'), ('complete', 'Complete'), ('failed', 'Failed'), ('aborted', 'Aborted')], default='named', max_length=12)),
                ('repository', models.CharField(blank=True, max_length=400)),
                ('commit', models.CharField(blank=True, max_length=64)),
                ('parameters', models.JSONField(default=dict)),
                ('environment_lock_sha256', models.CharField(blank=True, max_length=64)),
                ('hardware', models.CharField(blank=True, max_length=200)),
                ('seed', models.BigIntegerField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('failure', models.TextField(blank=True, help_text='What its producer says went wrong.')),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='trainingrun',
            name='hardware',
            field=models.CharField(blank=True, default='', help_text='What it ran on, in words.', max_length=200),
        ),
        migrations.AddField(
            model_name='trainingrun',
            name='parent',
            field=models.ForeignKey(db_index=False, help_text='The run whose model it went on from.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='continued_by', to='registry.trainingrun'),
        ),
        migrations.AlterField(
            model_name='datasetsnapshot',
            name='size',
            field=models.PositiveBigIntegerField(help_text='Bytes; null where nobody told, of one by reference.', null=True),
        ),
        migrations.AlterField(
            model_name='datasetsnapshot',
            name='state',
            field=models.CharField(choices=[('inspecting', 'Inspecting'), ('ready', 'Ready'), ('refused', 'Refused'), ('failed', 'Failed'), ('referenced', 'Referenced')], default='inspecting', max_length=12),
        ),
        migrations.AddConstraint(
            model_name='datasetsnapshot',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'referenced')), fields=('dataset', 'sha256'), name='snapshot_referenced_once'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='downstream_model',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.registeredmodel'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='downstream_snapshot',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.datasetsnapshot'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='downstream_version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='stated_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='upstream_model',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.registeredmodel'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='upstream_snapshot',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.datasetsnapshot'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='upstream_version',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='lineageevent',
            name='received_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='lineagerun',
            name='created_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='lineagerun',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='registry.lineagerun'),
        ),
        migrations.AddField(
            model_name='lineagerun',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='lineageevent',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='registry.lineagerun'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='downstream_run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.lineagerun'),
        ),
        migrations.AddField(
            model_name='lineageedge',
            name='upstream_run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.lineagerun'),
        ),
        migrations.AddField(
            model_name='trainingrun',
            name='lineage_run',
            field=models.ForeignKey(db_index=False, help_text='The run that OpenLineage events tell of.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='training_runs', to='registry.lineagerun'),
        ),
        migrations.AddIndex(
            model_name='lineagerun',
            index=models.Index(fields=['commit'], name='lineage_run_commit', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddConstraint(
            model_name='lineagerun',
            constraint=models.UniqueConstraint(fields=('team', 'run_id'), name='lineage_run_once'),
        ),
        migrations.AddConstraint(
            model_name='lineagerun',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['named', 'started', 'running', 'complete', 'failed', 'aborted'])), name='lineage_run_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='lineageevent',
            constraint=models.UniqueConstraint(fields=('run', 'event_type', 'event_time'), name='lineage_event_once'),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.UniqueConstraint(fields=('upstream_model', 'upstream_version', 'upstream_snapshot', 'upstream_run', 'downstream_model', 'downstream_version', 'downstream_snapshot', 'downstream_run'), name='lineage_edge_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('upstream_model__isnull', False), ('upstream_run__isnull', True), ('upstream_snapshot__isnull', True), ('upstream_version__isnull', True)), models.Q(('upstream_model__isnull', True), ('upstream_run__isnull', True), ('upstream_snapshot__isnull', True), ('upstream_version__isnull', False)), models.Q(('upstream_model__isnull', True), ('upstream_run__isnull', True), ('upstream_snapshot__isnull', False), ('upstream_version__isnull', True)), models.Q(('upstream_model__isnull', True), ('upstream_run__isnull', False), ('upstream_snapshot__isnull', True), ('upstream_version__isnull', True)), _connector='OR'), name='lineage_edge_from_one'),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('downstream_model__isnull', False), ('downstream_run__isnull', True), ('downstream_snapshot__isnull', True), ('downstream_version__isnull', True)), models.Q(('downstream_model__isnull', True), ('downstream_run__isnull', True), ('downstream_snapshot__isnull', True), ('downstream_version__isnull', False)), models.Q(('downstream_model__isnull', True), ('downstream_run__isnull', True), ('downstream_snapshot__isnull', False), ('downstream_version__isnull', True)), models.Q(('downstream_model__isnull', True), ('downstream_run__isnull', False), ('downstream_snapshot__isnull', True), ('downstream_version__isnull', True)), _connector='OR'), name='lineage_edge_to_one'),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.CheckConstraint(condition=models.Q(('upstream_model', None), ('downstream_model', None), models.Q(('upstream_model', models.F('downstream_model')), _negated=True), _connector='OR'), name='lineage_model_not_of_itself'),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.CheckConstraint(condition=models.Q(('upstream_version', None), ('downstream_version', None), models.Q(('upstream_version', models.F('downstream_version')), _negated=True), _connector='OR'), name='lineage_version_not_of_itself'),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.CheckConstraint(condition=models.Q(('upstream_snapshot', None), ('downstream_snapshot', None), models.Q(('upstream_snapshot', models.F('downstream_snapshot')), _negated=True), _connector='OR'), name='lineage_snapshot_not_of_itself'),
        ),
        migrations.AddConstraint(
            model_name='lineageedge',
            constraint=models.CheckConstraint(condition=models.Q(('upstream_run', None), ('downstream_run', None), models.Q(('upstream_run', models.F('downstream_run')), _negated=True), _connector='OR'), name='lineage_run_not_of_itself'),
        ),
        insert_only("registry_lineageedge"),
        insert_only("registry_lineageevent"),
        frozen_columns(
            "registry_lineagerun",
            "state",
            STATES,
            [
                "namespace", "name", "state", "parent_id", "repository", "commit", "parameters",
                "environment_lock_sha256", "hardware", "seed", "started_at", "ended_at", "failure",
            ],
        ),
        no_return(
            "registry_lineagerun",
            "OLD.state IN ('complete', 'failed', 'aborted') AND NEW.state <> OLD.state"
            " OR NEW.state = 'named' AND OLD.state <> 'named' OR NEW.state = 'started' AND OLD.state = 'running'",
        ),
        migrations.RunSQL(REFERENCED, DROP_REFERENCED),
    ]
