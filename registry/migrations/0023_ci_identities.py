"""Issuers of CI jobs' identity tokens, and what such a token said of a training run's commit."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, frozen_columns, no_return


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('accounts', '0007_team_pickles'),
        ('registry', '0022_erasure'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='trainingrun',
            name='ci_identity',
            field=models.JSONField(default=dict, help_text='Which CI job said that it ran at the commit, where its identity token was sent.'),
        ),
        migrations.CreateModel(
            name='CiIssuer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(choices=[('github', 'GitHub'), ('gitlab', 'GitLab')], max_length=12)),
                ('issuer', models.CharField(help_text='The claim iss of its tokens.', max_length=300)),
                ('audience', models.CharField(help_text='The claim aud that jobs ask for.', max_length=300)),
                ('host', models.CharField(help_text='Where its repositories are, such as github.com.', max_length=300)),
                ('keys', models.JSONField(help_text='Public keys as of a JWKS.')),
                ('registered_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(help_text='Null: it holds.', null=True)),
                ('registered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ci_issuers', to='accounts.team')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('team', 'issuer', 'audience'), name='ci_issuer_holds_once'), models.CheckConstraint(condition=models.Q(('provider__in', ['github', 'gitlab'])), name='ci_issuer_provider_is_known'), models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='ci_issuer_withdrawn_by_somebody')],
            },
        ),
        frozen_columns("registry_ciissuer", "provider", ["github", "gitlab"], ["withdrawn_at", "withdrawn_by_id"]),
        no_return("registry_ciissuer", "OLD.withdrawn_at IS NOT NULL"),
    ]
