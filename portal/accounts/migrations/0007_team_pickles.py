"""Until when, and why, models of a team may be handed in as pickles."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_former_addresses'),
    ]

    operations = [
        migrations.AddField(
            model_name='team',
            name='pickles_reason',
            field=models.TextField(blank=True, default='', help_text='Why an administrator lets them be.'),
        ),
        migrations.AddField(
            model_name='team',
            name='pickles_until',
            field=models.DateTimeField(help_text='Until when its models may be pickles; null: never.', null=True),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pickles_reason', ''), ('pickles_until', None)), models.Q(('pickles_reason__gt', ''), ('pickles_until__isnull', False)), _connector='OR'), name='team_pickles_for_a_reason'),
        ),
    ]
