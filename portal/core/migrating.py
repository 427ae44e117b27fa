"""Operations of migrations that run beside a portal in use."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently

_VALID = """
SELECT found.indisvalid FROM pg_index found JOIN pg_class named ON named.oid = found.indexrelid
WHERE named.relname = %s AND pg_table_is_visible(named.oid)
"""


class AddIndexBesideUse(AddIndexConcurrently):
    """Build an index while rows are read and written; for migrations with `atomic = False`.

    It may be repeated: what a try that was cut short left half built is dropped, and what stands is kept. Such a build
    waits for every transaction that is older, and holds up nobody meanwhile, so it waits without a limit.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Create the index unless it stands."""
        if schema_editor.collect_sql:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(_VALID, [self.index.name])
            found = cursor.fetchone()
            if found == (True,):
                return
            cursor.execute("SELECT current_setting('lock_timeout')")
            patience = cursor.fetchone()[0]
            cursor.execute("SET lock_timeout = 0")
            try:
                if found is not None:
                    name = schema_editor.quote_name(self.index.name)
                    cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            finally:
                cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience])

    def _ensure_not_in_transaction(self, schema_editor: Any) -> None:
        if not schema_editor.collect_sql:
            super()._ensure_not_in_transaction(schema_editor)
