"""Tier assessments: what was answered stays as it is; only that an assessment ended is written to it later.

Tiers from before were given by hand; no assessment is made up for them, so the portal says that there is none.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return

STATES = ["in_force", "proposed", "superseded", "withdrawn"]


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('registry', '0004_use_cases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TierAssessment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('in_force', 'In force'), ('proposed', 'Proposed'), ('superseded', 'Superseded'), ('withdrawn', 'Withdrawn')], max_length=12)),
                ('questionnaire', models.CharField(max_length=80)),
                ('questionnaire_version', models.PositiveIntegerField()),
                ('questionnaire_digest', models.CharField(max_length=64)),
                ('answers', models.JSONField(help_text='Question -> answer, by key.')),
                ('exposure', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=6)),
                ('purpose', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=6)),
                ('complexity', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=6)),
                ('computed_tier', models.PositiveSmallIntegerField(help_text='What the answers come to.')),
                ('tier', models.PositiveSmallIntegerField(help_text='The computed tier, or a higher one (towards 1) given by hand.')),
                ('tier_before', models.PositiveSmallIntegerField(help_text="The model's tier when it was assessed.")),
                ('rationale', models.TextField(help_text='Why it was answered so.')),
                ('independent', models.BooleanField(help_text='Somebody of the second line without a hand in the model answered.')),
                ('assessed_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(help_text='When it was superseded or taken back.', null=True)),
                ('assessed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tier_assessments', to='registry.registeredmodel')),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('model', 'number'), name='assessment_number_once'), models.UniqueConstraint(condition=models.Q(('state', 'in_force')), fields=('model',), name='one_assessment_in_force'), models.UniqueConstraint(condition=models.Q(('state', 'proposed')), fields=('model',), name='one_proposed_tier'), models.CheckConstraint(condition=models.Q(('computed_tier__range', (1, 3)), ('tier__range', (1, 3)), ('tier_before__range', (1, 3))), name='assessed_tiers_1_to_3'), models.CheckConstraint(condition=models.Q(('tier__lte', models.F('computed_tier'))), name='tier_never_below_the_answers'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'proposed'), _negated=True), ('tier__gt', models.F('tier_before')), _connector='OR'), name='only_a_lower_tier_is_proposed'), models.CheckConstraint(condition=models.Q(('rationale', ''), _negated=True), name='assessment_says_why'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None), ('state__in', ('in_force', 'proposed'))), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('state__in', ('superseded', 'withdrawn'))), _connector='OR'), name='assessment_ended_by_somebody')],
            },
        ),
        frozen_columns("registry_tierassessment", "state", STATES, ["state", "ended_by_id", "ended_at"]),
        no_return(
            "registry_tierassessment",
            "OLD.state IN ('superseded', 'withdrawn') AND OLD.* IS DISTINCT FROM NEW.*"
            " OR OLD.state = 'in_force' AND NEW.state NOT IN ('in_force', 'superseded')",
        ),
    ]
