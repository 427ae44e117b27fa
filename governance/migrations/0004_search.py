"""What search reads of requests: words of the summary, beginnings of the digest.

The indexes are built beside a portal in use: nothing is rewritten, and no row is locked.
"""

from django.db import migrations

from portal.core.fulltext import beginning_index, words_index
from portal.core.migrating import AddIndexBesideUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("governance", "0003_additions")]

    operations = [
        AddIndexBesideUse("approvalrequest", words_index("summary", name="request_words")),
        AddIndexBesideUse("approvalrequest", beginning_index("bundle_digest", name="request_digest")),
    ]
