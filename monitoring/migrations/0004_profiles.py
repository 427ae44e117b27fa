"""Profiles of snapshots: frozen once they have ended; their columns come while they run, and never change."""

import django.db.models.deletion
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY_OF_ADDITIONS, added_while, frozen_columns, insert_only


class Migration(migrations.Migration):
    dependencies = [
        DEPENDENCY_OF_ADDITIONS,
        ('monitoring', '0003_additions'),
        ('registry', '0020_datasheets'),
    ]

    operations = [
        migrations.CreateModel(
            name='SnapshotProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('refused', 'Refused'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=12)),
                ('reason', models.TextField(blank=True, help_text='Why there is none, in words.')),
                ('job_id', models.BigIntegerField(null=True)),
                ('requested_by', models.CharField(help_text='Actor id.', max_length=40)),
                ('requested_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('digest', models.CharField(blank=True, help_text='SHA-256 over the canonical JSON of all columns.', max_length=64)),
                ('snapshot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='profiles', to='registry.datasetsnapshot')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='ColumnProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(help_text='In the order of the file, from 1.')),
                ('name', models.CharField(max_length=200)),
                ('type', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('number', 'Numbers'), ('level', 'Levels'), ('time', 'Times'), ('other', 'Only counted')], max_length=8)),
                ('summary', models.JSONField(help_text='stats.profiles.Profile.summary')),
                ('cells', models.JSONField(help_text='stats.profiles.Profile.cells')),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='columns', to='monitoring.snapshotprofile')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.AddConstraint(
            model_name='snapshotprofile',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done'])), fields=('snapshot',), name='one_profile_that_counts'),
        ),
        migrations.AddConstraint(
            model_name='snapshotprofile',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'refused', 'failed', 'cancelled'])), name='profile_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='snapshotprofile',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('state', 'done'), models.Q(('digest', ''), _negated=True)), models.Q(models.Q(('state', 'done'), _negated=True), ('digest', '')), _connector='OR'), name='profile_has_a_digest_once_done'),
        ),
        migrations.AddConstraint(
            model_name='columnprofile',
            constraint=models.UniqueConstraint(fields=('profile', 'position'), name='column_profile_once'),
        ),
        migrations.AddConstraint(
            model_name='columnprofile',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['number', 'level', 'time', 'other'])), name='column_kind_is_known'),
        ),
        frozen_columns("monitoring_snapshotprofile", "state", ("done", "refused", "failed", "cancelled")),
        insert_only("monitoring_columnprofile"),
        added_while("monitoring_columnprofile", "profile_id", "monitoring_snapshotprofile", ["running"]),
    ]
