
import django.contrib.postgres.indexes
import django.db.models.deletion
import portal.core.fulltext
import portal.threads.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0007_team_pickles'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('text', models.TextField(help_text='CommonMark.')),
                ('salt', models.CharField(default=portal.threads.models.new_salt, help_text='Of this text: its digest tells nothing by itself.', max_length=64)),
                ('state', models.CharField(choices=[('written', 'Written'), ('edited', 'Edited'), ('withdrawn', 'Withdrawn')], default='written', max_length=9)),
                ('written_at', models.DateTimeField()),
                ('edited_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['thread', 'number'],
            },
        ),
        migrations.CreateModel(
            name='EarlierText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('salt', models.CharField(max_length=64)),
                ('until', models.DateTimeField(help_text='When it was replaced.')),
                ('comment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='earlier_texts', to='threads.comment')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Thread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('about', models.CharField(help_text='What the thing is called.', max_length=200)),
                ('topics', models.JSONField(help_text='What entries about its comments are filed under.')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
            ],
        ),
        migrations.AddField(
            model_name='comment',
            name='thread',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='threads.thread'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=django.contrib.postgres.indexes.GinIndex(portal.core.fulltext.Words('text'), name='comment_words'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.UniqueConstraint(fields=('thread', 'number'), name='comment_number_once'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='comment_says_something'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('edited_at', None), ('state', 'written'), ('withdrawn_at', None)), models.Q(('edited_at__isnull', False), ('state', 'edited'), ('withdrawn_at', None)), models.Q(('state', 'withdrawn'), ('withdrawn_at__isnull', False)), _connector='OR'), name='comment_state_has_its_time'),
        ),
    ]
