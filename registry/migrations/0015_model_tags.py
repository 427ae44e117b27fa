"""Labels of models."""

from django.db import migrations, models

from portal.core.fulltext import parts_index


class Migration(migrations.Migration):

    dependencies = [("registry", "0014_documents")]

    operations = [
        migrations.AddField(
            model_name="registeredmodel",
            name="tags",
            field=models.TextField(
                blank=True, default="", help_text="Labels as rules.tags spells them, a space between."
            ),
        ),
        migrations.AddIndex(model_name="registeredmodel", index=parts_index("tags", name="model_tags")),
    ]
