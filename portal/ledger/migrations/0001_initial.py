import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False)),
                ('root', models.BinaryField()),
                ('note', models.TextField()),
                ('signed_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-size'],
            },
        ),
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0, help_text='Index of the next entry to look at.')),
                ('failures', models.PositiveIntegerField(default=0)),
                ('retry_at', models.DateTimeField(null=True)),
                ('parked_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PendingEntry',
            fields=[
                ('order', models.BigAutoField(primary_key=True, serialize=False)),
                ('event_id', models.UUIDField()),
                ('payload', models.BinaryField(help_text='Canonical JSON.')),
                ('private', models.JSONField(help_text='{field: {salt: hex, text}}, moved to PrivateText.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('index', models.BigIntegerField(help_text='Dense, from 0.', primary_key=True, serialize=False)),
                ('event_id', models.UUIDField(unique=True)),
                ('payload', models.BinaryField(help_text='Canonical JSON: what the leaf hash covers.')),
                ('leaf_hash', models.BinaryField(help_text='sha256(0x00 || payload), RFC 6962.')),
                ('at', models.DateTimeField()),
                ('event', models.TextField()),
                ('actor_id', models.TextField()),
                ('subject_type', models.TextField()),
                ('subject_id', models.TextField()),
                ('team_id', models.BigIntegerField(null=True)),
                ('topics', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                'ordering': ['-index'],
                'indexes': [models.Index(fields=['event', 'index'], name='entry_by_event'), models.Index(fields=['subject_type', 'subject_id', 'index'], name='entry_by_subject'), models.Index(fields=['team_id', 'index'], name='entry_by_team'), models.Index(fields=['actor_id', 'index'], name='entry_by_actor'), django.contrib.postgres.indexes.GinIndex(fields=['topics'], name='entry_by_topic')],
            },
        ),
        migrations.CreateModel(
            name='Tile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.PositiveSmallIntegerField()),
                ('number', models.BigIntegerField()),
                ('hashes', models.BinaryField()),
                ('root', models.BinaryField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('level', 'number'), name='one_tile_per_place')],
            },
        ),
        migrations.CreateModel(
            name='PrivateText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.TextField()),
                ('salt', models.BinaryField(null=True)),
                ('text', models.TextField(null=True)),
                ('erased_at', models.DateTimeField(null=True)),
                ('entry', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='private_texts', to='ledger.entry')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entry', 'field'), name='one_private_text_per_field')],
            },
        ),
    ]
