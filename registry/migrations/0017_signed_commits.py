"""What the signature of a training run's commit came to; signers' keys may be Ed25519, which sign commits."""

from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns

CURVES = ["secp256r1", "secp384r1", "secp521r1"]
BEFORE, AFTER = (
    frozen_columns("registry_signerkey", "curve", curves, ["withdrawn_at", "withdrawn_by_id"])
    for curves in (CURVES, [*CURVES, "ed25519"])
)


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('registry', '0016_model_contacts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(BEFORE.reverse_sql, BEFORE.sql),
        AFTER,
        migrations.RemoveConstraint(
            model_name='signerkey',
            name='signer_key_curve_is_known',
        ),
        migrations.AddField(
            model_name='trainingrun',
            name='commit_signature',
            field=models.JSONField(default=dict, help_text='What the signature of the commit came to, where the commit itself was sent: who made it.'),
        ),
        migrations.AddConstraint(
            model_name='signerkey',
            constraint=models.CheckConstraint(condition=models.Q(('curve__in', ['secp256r1', 'secp384r1', 'secp521r1', 'ed25519'])), name='signer_key_curve_is_known'),
        ),
    ]
