"""Use cases; what was decided about one stays as it is, and none is deleted. A model may belong to one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return

KEPT = """
CREATE TRIGGER registry_usecase_kept BEFORE DELETE ON registry_usecase FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse_frozen('state', 'proposed,tiered', '');
ALTER TABLE registry_usecase ENABLE ALWAYS TRIGGER registry_usecase_kept;
"""


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('accounts', '0005_saved_views'),
        ('registry', '0003_pipeline_stages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UseCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('purpose', models.TextField(help_text='What it is for.')),
                ('affected_persons', models.TextField(help_text='Whom it affects, and how.')),
                ('decision', models.TextField(help_text='The decision that is made with it.')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('tiered', 'Tiered'), ('approved_for_development', 'Approved for development'), ('in_use', 'In use'), ('retired', 'Retired'), ('rejected', 'Rejected')], default='proposed', max_length=30)),
                ('not_a_model', models.BooleanField(default=False, help_text='Rejected because it needs no model under governance.')),
                ('involved', models.JSONField(default=list, help_text='Ids of who ever proposed, wrote, owned or sponsored it.')),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('rationale', models.TextField(blank=True, help_text='Why it was decided so.')),
                ('retired_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True, help_text='Why it was retired.')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('retired_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sponsor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
            ],
            options={
                'ordering': ['slug'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('state', 'in_use'), _negated=True), name='use_case_in_use_is_computed'),
                    models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state__in', ('proposed', 'tiered'))), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('state__in', ('proposed', 'tiered')), _negated=True)), _connector='OR'), name='use_case_decided_by_somebody'),
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), _negated=True), models.Q(('rationale', ''), _negated=True), _connector='OR'), name='use_case_rejected_with_rationale'),
                    models.CheckConstraint(condition=models.Q(('not_a_model', False), ('state', 'rejected'), _connector='OR'), name='use_case_not_a_model_is_rejected'),
                    models.CheckConstraint(condition=models.Q(models.Q(models.Q(('state', 'retired'), _negated=True), ('reason', ''), ('retired_at', None), ('retired_by', None)), models.Q(('retired_at__isnull', False), ('retired_by__isnull', False), ('state', 'retired'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='use_case_retired_by_somebody'),
                ],
            },
        ),
        migrations.AddField(
            model_name='registeredmodel',
            name='use_case',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='models', to='registry.usecase'),
        ),
        frozen_columns(
            "registry_usecase",
            "state",
            ["approved_for_development", "rejected", "retired"],
            ["state", "retired_by_id", "retired_at", "reason"],
        ),
        no_return(
            "registry_usecase",
            "OLD.state IN ('rejected', 'retired') AND OLD.* IS DISTINCT FROM NEW.*"
            " OR OLD.state = 'approved_for_development' AND NEW.state NOT IN ('approved_for_development', 'retired')"
            " OR OLD.state = 'tiered' AND NEW.state = 'proposed'",
        ),
        migrations.RunSQL(KEPT, "DROP TRIGGER registry_usecase_kept ON registry_usecase;"),
    ]
