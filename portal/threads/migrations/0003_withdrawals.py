"""Who withdrew a comment that somebody else wrote, and why; never changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.ledger.protection import DEPENDENCY, insert_only


class Migration(migrations.Migration):

    dependencies = [
        ('threads', '0002_protection'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        DEPENDENCY,
    ]

    operations = [
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('comment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='threads.comment')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='withdrawal_says_why')],
            },
        ),
        insert_only("threads_withdrawal"),
    ]
