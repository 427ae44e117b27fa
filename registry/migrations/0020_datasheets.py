"""Datasheets of datasets, which never change."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, insert_only


class Migration(migrations.Migration):
    dependencies = [
        DEPENDENCY,
        ('registry', '0019_release_texts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Datasheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('origin', models.TextField(blank=True)),
                ('collection', models.TextField(blank=True)),
                ('preparation', models.TextField(blank=True)),
                ('assumptions', models.TextField(blank=True)),
                ('gaps', models.TextField(blank=True)),
                ('licence', models.TextField(blank=True)),
                ('retention', models.TextField(blank=True)),
                ('sensitive', models.JSONField(default=list, help_text='Names of the columns that are masked without the grant.')),
                ('written_at', models.DateTimeField()),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='datasheets', to='registry.dataset')),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('dataset', 'number'), name='datasheet_number_once')],
            },
        ),
        insert_only("registry_datasheet"),
    ]
