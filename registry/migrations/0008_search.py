"""What search and sorting read: words by their stem, parts of names, beginnings of digests and commits.

The indexes are built beside a portal in use: nothing is rewritten, and no row is locked.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from portal.core.fulltext import NamesWithin, beginning_index, parts_index, words_index
from portal.core.migrating import AddIndexBesideUse


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("registry", "0007_implementations")]

    operations = [
        # A trusted extension: who owns the database may make it, on PostgreSQL 15 as on the embedded server.
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", migrations.RunSQL.noop),
        AddIndexBesideUse("registeredmodel", words_index("slug", "name", "purpose", "retirement", name="model_words")),
        AddIndexBesideUse("registeredmodel", parts_index("slug", "name", "mlflow_name", name="model_parts")),
        AddIndexBesideUse("registeredmodel", models.Index(fields=["tier", "slug"], name="model_by_tier")),
        AddIndexBesideUse("registeredmodel", models.Index(fields=["name", "slug"], name="model_by_name")),
        AddIndexBesideUse("registeredmodel", models.Index(fields=["created_at", "slug"], name="model_by_age")),
        AddIndexBesideUse("usecase", words_index("slug", "name", "purpose", "affected_persons", "decision", "rationale", name="use_case_words")),
        AddIndexBesideUse("usecase", parts_index("slug", "name", name="use_case_parts")),
        AddIndexBesideUse("cardrevision", words_index("intended_use", "limitations", "out_of_scope_use", name="card_words")),
        AddIndexBesideUse("cardrevision", beginning_index("digest", name="card_digest")),
        AddIndexBesideUse("modelversion", words_index("description", "reason", name="version_words")),
        AddIndexBesideUse("modelversion", beginning_index("digest", name="version_digest")),
        AddIndexBesideUse("trainingrun", beginning_index("commit", name="training_commit")),
        AddIndexBesideUse("featurepipelineversion", beginning_index("commit", name="pipeline_commit")),
        AddIndexBesideUse("release", words_index("fallback", name="release_words")),
        AddIndexBesideUse("dataset", words_index("slug", "name", "description", name="dataset_words")),
        AddIndexBesideUse("dataset", parts_index("slug", "name", name="dataset_parts")),
        AddIndexBesideUse("datasetsnapshot", GinIndex(NamesWithin("columns"), name="snapshot_columns")),
        AddIndexBesideUse("datasetsnapshot", beginning_index("sha256", name="snapshot_digest")),
    ]
