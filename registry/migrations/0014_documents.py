"""Documents about a model: what was stated stays, the file comes once, a withdrawal is for good."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import portal.core.fulltext
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return

TABLE = "registry_document"
KINDS = ["vendor_report", "version_notice", "exit_plan", "contract", "validation", "assessment", "minutes", "other"]


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('blobs', '0001_initial'),
        ('registry', '0013_declared_releases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('vendor_report', "Vendor's report"), ('version_notice', 'Version notice'), ('exit_plan', 'Exit plan'), ('contract', 'Contract'), ('validation', 'Validation done elsewhere'), ('assessment', 'Assessment of risks or impact'), ('minutes', 'Minutes'), ('other', 'Other')], max_length=16)),
                ('title', models.CharField(max_length=200)),
                ('sha256', models.CharField(help_text='Of the file, as it was declared.', max_length=64)),
                ('media_type', models.CharField(blank=True, help_text='As its first bytes tell.', max_length=100)),
                ('received_at', models.DateTimeField(null=True)),
                ('signed_by', models.CharField(blank=True, help_text='As stated, and verified by nobody here.', max_length=200)),
                ('signed_on', models.DateField(help_text='As stated.', null=True)),
                ('valid_from', models.DateField(help_text='The first day (UTC) on which it counts.')),
                ('valid_until', models.DateField(help_text='The last day (UTC) on which it counts; null: no end.', null=True)),
                ('added_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawal', models.TextField(blank=True, default='', help_text='Why it was withdrawn.')),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('blob', models.ForeignKey(help_text='Null: the file has not been sent.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='blobs.blob')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='registry.registeredmodel')),
                ('replaces', models.ForeignKey(help_text='A former document.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='registry.document')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [django.contrib.postgres.indexes.GinIndex(portal.core.fulltext.Words('title', 'withdrawal'), name='document_words'), models.Index(fields=['sha256'], name='document_digest', opclasses=['varchar_pattern_ops']), models.Index(fields=['valid_until'], name='document_by_end')],
                'constraints': [models.UniqueConstraint(fields=('model', 'number'), name='document_number_once'), models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('replaces',), name='document_replaced_by_one'), models.CheckConstraint(condition=models.Q(('kind__in', ['vendor_report', 'version_notice', 'exit_plan', 'contract', 'validation', 'assessment', 'minutes', 'other'])), name='document_kind_is_known'), models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='document_says_what'), models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='document_sha256_is_hex'), models.CheckConstraint(condition=models.Q(models.Q(('blob', None), ('media_type', ''), ('received_at', None)), models.Q(('blob', models.F('sha256')), ('received_at__isnull', False), models.Q(('media_type', ''), _negated=True)), _connector='OR'), name='document_file_is_the_declared_one'), models.CheckConstraint(condition=models.Q(models.Q(('signed_by', ''), ('signed_on', None)), models.Q(models.Q(('signed_by', ''), _negated=True), ('signed_on__isnull', False)), _connector='OR'), name='document_signed_by_somebody_some_day'), models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='document_ends_after_it_begins'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawal', ''), ('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False), models.Q(('withdrawal', ''), _negated=True)), _connector='OR'), name='document_withdrawn_by_somebody')],
            },
        ),
        frozen_columns(
            TABLE,
            "kind",
            KINDS,
            ["blob_id", "media_type", "received_at", "withdrawn_by_id", "withdrawn_at", "withdrawal"],
        ),
        no_return(
            TABLE,
            "OLD.withdrawn_at IS NOT NULL OR OLD.blob_id IS NOT NULL AND"
            " (OLD.blob_id, OLD.media_type, OLD.received_at)"
            " IS DISTINCT FROM (NEW.blob_id, NEW.media_type, NEW.received_at)",
        ),
    ]
