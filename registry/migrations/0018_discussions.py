"""Which thread of comments is about which model, version or finding."""

import django.db.models.deletion
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, insert_only


class Migration(migrations.Migration):

    dependencies = [
        DEPENDENCY,
        ('registry', '0017_signed_commits'),
        ('threads', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Discussion',
            fields=[
                ('thread', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='discussion', serialize=False, to='threads.thread')),
                ('finding', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='discussion', to='registry.finding')),
                ('model', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='discussions', to='registry.registeredmodel')),
                ('version', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='discussion', to='registry.modelversion')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('version', None), ('finding', None), _connector='OR'), name='discussion_about_one_thing'), models.UniqueConstraint(condition=models.Q(('finding', None), ('version', None)), fields=('model',), name='one_discussion_of_a_model')],
            },
        ),
        insert_only('registry_discussion'),
    ]
