"""Where the bytes of a snapshot by reference lie, in words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('registry', '0020_datasheets')]

    operations = [
        migrations.AddField(
            model_name='datasetsnapshot',
            name='location',
            field=models.TextField(blank=True, default='', help_text='Where it lies, of one by reference, in words.'),
        ),
    ]
