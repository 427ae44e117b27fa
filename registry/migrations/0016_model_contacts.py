"""Whom to ask about a model, and where more about it stands."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("registry", "0015_model_tags")]

    operations = [
        migrations.AddField(
            model_name="registeredmodel",
            name="links",
            field=models.JSONField(blank=True, default=list, help_text="[{title, url}], as rules.links keeps them."),
        ),
        migrations.AddField(
            model_name="registeredmodel",
            name="contacts",
            field=models.JSONField(
                blank=True, default=list, help_text="[{name, role, address}], as rules.links keeps them."
            ),
        ),
    ]
