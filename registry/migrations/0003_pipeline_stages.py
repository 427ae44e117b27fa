"""Pipeline stages: six of each model, which nobody owns until somebody is named.

Models from before get theirs here; no entry tells of it, as a stage that nobody was named for says nothing yet.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import frozen_columns

STAGES = ["ingestion", "features", "training", "validation", "deployment", "monitoring"]
FILL = """
INSERT INTO registry_pipelinestage (model_id, stage)
    SELECT model.id, one.stage
    FROM registry_registeredmodel model
    CROSS JOIN unnest(string_to_array(%s, ',')) WITH ORDINALITY AS one (stage, position)
    ORDER BY model.id, one.position;
"""

class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_saved_views'),
        ('registry', '0002_protection'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PipelineStage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('ingestion', 'Ingestion'), ('features', 'Features'), ('training', 'Training'), ('validation', 'Validation'), ('deployment', 'Deployment'), ('monitoring', 'Monitoring')], max_length=12)),
                ('response_hours', models.PositiveSmallIntegerField(help_text='Within how many hours somebody answers.', null=True)),
                ('changed_at', models.DateTimeField(help_text='Empty: nobody has been named yet.', null=True)),
                ('backup', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='backed_up_stages', to=settings.AUTH_USER_MODEL)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='registry.registeredmodel')),
                ('owner_team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
                ('owner_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='owned_stages', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('model', 'stage'), name='stage_once_a_model'), models.CheckConstraint(condition=models.Q(('stage__in', ['ingestion', 'features', 'training', 'validation', 'deployment', 'monitoring'])), name='stage_is_known'), models.CheckConstraint(condition=models.Q(('owner_user', None), ('owner_team', None), _connector='OR'), name='stage_owned_by_person_or_team'), models.CheckConstraint(condition=models.Q(('backup', None), ('owner_user', None), models.Q(('backup', models.F('owner_user')), _negated=True), _connector='OR'), name='stage_backed_up_by_another'), models.CheckConstraint(condition=models.Q(('response_hours', None), ('response_hours__range', (1, 720)), _connector='OR'), name='stage_answers_in_a_month')],
            },
        ),
        migrations.RunSQL([(FILL, [",".join(STAGES)])], migrations.RunSQL.noop),
        frozen_columns(
            "registry_pipelinestage",
            "stage",
            STAGES,
            ["owner_user_id", "owner_team_id", "backup_id", "response_hours", "changed_at", "changed_by_id"],
        ),
    ]
