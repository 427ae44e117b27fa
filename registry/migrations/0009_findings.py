"""Findings, and what was done to them: a history in which nothing changes, and no remediator judges (invariant 19)."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import portal.core.fulltext
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, insert_only, no_return


FINDING = ["open", "in_remediation", "ready_to_verify", "closed", "reopened"]
JUDGES = """
CREATE FUNCTION registry_refuse_own_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM registry_findingmove
        WHERE finding_id = NEW.finding_id AND by_id = NEW.by_id AND verb IN ('start', 'hand_in')
    ) THEN
        RAISE EXCEPTION 'INSERT refused: who remediated finding % does not judge it', NEW.finding_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER registry_findingmove_judged_by_another BEFORE INSERT ON registry_findingmove
    FOR EACH ROW WHEN (NEW.verb IN ('close', 'send_back')) EXECUTE FUNCTION registry_refuse_own_judgement();
ALTER TABLE registry_findingmove ENABLE ALWAYS TRIGGER registry_findingmove_judged_by_another;
"""
DROP_JUDGES = """
DROP TRIGGER registry_findingmove_judged_by_another ON registry_findingmove;
DROP FUNCTION registry_refuse_own_judgement();
"""


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('registry', '0008_search'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('stage', models.CharField(choices=[('ingestion', 'Ingestion'), ('features', 'Features'), ('training', 'Training'), ('validation', 'Validation'), ('deployment', 'Deployment'), ('monitoring', 'Monitoring')], max_length=12)),
                ('severity', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                ('title', models.CharField(max_length=200)),
                ('description', models.TextField(help_text='What is wrong, how one sees it, and what would be right.')),
                ('state', models.CharField(choices=[('open', 'Open'), ('in_remediation', 'In remediation'), ('ready_to_verify', 'Ready to verify'), ('closed', 'Closed'), ('reopened', 'Reopened')], default='open', max_length=16)),
                ('line', models.CharField(choices=[('first', 'First line'), ('second', 'Second line'), ('third', 'Third line')], help_text='The line of defence that raised it.', max_length=10)),
                ('raised_at', models.DateTimeField()),
                ('held_since', models.DateTimeField(null=True)),
                ('due', models.DateTimeField(help_text='When it is to be handed in and verified.', null=True)),
                ('holder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='held_findings', to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='registry.registeredmodel')),
                ('raised_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(help_text='Empty: the whole model.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='registry.modelversion')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='FindingMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('raise', 'Raised'), ('hand_over', 'Handed over'), ('start', 'Remediation started'), ('hand_in', 'Remediation handed in'), ('close', 'Closed'), ('send_back', 'Sent back'), ('reopen', 'Reopened'), ('change_severity', 'Severity changed')], max_length=16)),
                ('at', models.DateTimeField()),
                ('state_before', models.CharField(blank=True, choices=[('open', 'Open'), ('in_remediation', 'In remediation'), ('ready_to_verify', 'Ready to verify'), ('closed', 'Closed'), ('reopened', 'Reopened')], max_length=16)),
                ('state', models.CharField(choices=[('open', 'Open'), ('in_remediation', 'In remediation'), ('ready_to_verify', 'Ready to verify'), ('closed', 'Closed'), ('reopened', 'Reopened')], max_length=16)),
                ('severity', models.CharField(choices=[('high', 'High'), ('medium', 'Medium'), ('low', 'Low')], max_length=6)),
                ('due', models.DateTimeField(null=True)),
                ('comment', models.TextField(blank=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='registry.finding')),
                ('holder', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddIndex(
            model_name='finding',
            index=django.contrib.postgres.indexes.GinIndex(portal.core.fulltext.Words('title', 'description'), name='finding_words'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(fields=['state', 'due'], name='finding_by_due'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.UniqueConstraint(fields=('model', 'number'), name='finding_number_once'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'in_remediation', 'ready_to_verify', 'closed', 'reopened'])), name='finding_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('severity__in', ['high', 'medium', 'low'])), name='finding_severity_is_known'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['ingestion', 'features', 'training', 'validation', 'deployment', 'monitoring'])), name='finding_stage_is_known'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('line__in', ['first', 'second', 'third'])), name='finding_line_is_known'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='finding_says_what'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('held_since', None), ('holder', None)), models.Q(('held_since__isnull', False), ('holder__isnull', False)), _connector='OR'), name='finding_held_since'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('open', 'reopened')), models.Q(('due', None), ('holder', None), ('state', 'closed')), models.Q(('holder__isnull', False), ('state__in', ('in_remediation', 'ready_to_verify'))), _connector='OR'), name='finding_held_while_it_is_remediated'),
        ),
        migrations.AddConstraint(
            model_name='findingmove',
            constraint=models.CheckConstraint(condition=models.Q(('verb__in', ['raise', 'hand_over', 'start', 'hand_in', 'close', 'send_back', 'reopen', 'change_severity'])), name='finding_move_is_known'),
        ),
        migrations.AddConstraint(
            model_name='findingmove',
            constraint=models.UniqueConstraint(condition=models.Q(('verb', 'raise')), fields=('finding',), name='finding_raised_once'),
        ),
        frozen_columns("registry_finding", "state", FINDING, ["state", "severity", "holder_id", "held_since", "due"]),
        no_return(
            "registry_finding",
            "OLD.state = 'closed' AND (NEW.state NOT IN ('closed', 'reopened') OR NEW.severity <> OLD.severity)"
            " OR NEW.state = 'closed' AND OLD.state NOT IN ('closed', 'ready_to_verify')"
            " OR NEW.state = 'ready_to_verify' AND OLD.state NOT IN ('ready_to_verify', 'in_remediation')"
            " OR NEW.state = 'reopened' AND OLD.state NOT IN ('reopened', 'closed')"
            " OR NEW.state = 'open' AND OLD.state <> 'open'",
        ),
        insert_only("registry_findingmove"),
        migrations.RunSQL(JUDGES, DROP_JUDGES),
    ]
