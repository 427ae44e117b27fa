"""Keys of those who sign models, and the role of the file with which they do."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return

# A signature is frozen as every other file is.
ROLES = """
DROP TRIGGER registry_artifact_frozen ON registry_artifact;
CREATE TRIGGER registry_artifact_frozen BEFORE UPDATE OR DELETE ON registry_artifact FOR EACH ROW
    EXECUTE FUNCTION ledger_refuse_frozen('role', '{roles}', 'media_type,inspection');
ALTER TABLE registry_artifact ENABLE ALWAYS TRIGGER registry_artifact_frozen;
"""


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('accounts', '0007_team_pickles'),
        ('registry', '0009_findings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='artifact',
            name='role',
            field=models.CharField(choices=[('model', 'Model'), ('environment', 'Environment lock'), ('signature', 'Signature over the files'), ('other', 'Other, stored and never opened')], max_length=12),
        ),
        migrations.RunSQL(
            ROLES.format(roles="model,environment,other,signature"), ROLES.format(roles="model,environment,other")
        ),
        migrations.CreateModel(
            name='SignerKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Whose it is, such as a vendor or a build.', max_length=150)),
                ('key_id', models.CharField(help_text='SHA-256 of the DER public key.', max_length=64)),
                ('pem', models.TextField()),
                ('curve', models.CharField(max_length=12)),
                ('registered_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(help_text='Null: it holds.', null=True)),
                ('registered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='signer_keys', to='accounts.team')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(fields=('team', 'key_id'), name='signer_key_once_a_team'), models.CheckConstraint(condition=models.Q(('key_id__regex', '^[0-9a-f]{64}$')), name='signer_key_id_is_hex'), models.CheckConstraint(condition=models.Q(('curve__in', ['secp256r1', 'secp384r1', 'secp521r1'])), name='signer_key_curve_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='signer_key_withdrawn_by_somebody')],
            },
        ),
        frozen_columns(
            "registry_signerkey", "curve", ["secp256r1", "secp384r1", "secp521r1"], ["withdrawn_at", "withdrawn_by_id"]
        ),
        no_return("registry_signerkey", "OLD.withdrawn_at IS NOT NULL"),
    ]
