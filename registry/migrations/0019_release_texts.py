"""Releases are found by what was declared, too; the index is built beside a portal in use."""

from django.db import migrations

from portal.core.fulltext import words_index
from portal.core.migrating import AddIndexBesideUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registry", "0018_discussions")]

    operations = [
        AddIndexBesideUse("release", words_index("fallback", "description", "reason", name="release_texts")),
        migrations.RemoveIndex("release", "release_words"),
    ]
