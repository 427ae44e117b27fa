"""Who may do what to the ledger's tables: grants for the three roles, and triggers that bind the owner, too."""

from django.conf import settings
from django.db import migrations

from portal.ledger.protection import DROP_FUNCTIONS, FUNCTIONS, insert_only

TABLES = "ledger_pendingentry, ledger_entry, ledger_privatetext, ledger_tile, ledger_checkpoint, ledger_cursor"
APP_READS = "ledger_pendingentry, ledger_entry, ledger_privatetext, ledger_tile, ledger_checkpoint, ledger_cursor"
SEQUENCER_ADDS = "ledger_entry, ledger_privatetext, ledger_tile, ledger_checkpoint"

# A pending entry goes only when its entry is there.
PENDING = """
CREATE FUNCTION ledger_keep_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM gone WHERE NOT EXISTS (SELECT 1 FROM ledger_entry WHERE ledger_entry.event_id = gone.event_id)
    ) THEN
        RAISE EXCEPTION 'DELETE refused: a pending entry is not in the log yet' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_pendingentry_kept AFTER DELETE ON ledger_pendingentry
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_pending();
CREATE TRIGGER ledger_pendingentry_insert_only BEFORE UPDATE OR TRUNCATE ON ledger_pendingentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
ALTER TABLE ledger_pendingentry ENABLE ALWAYS TRIGGER ledger_pendingentry_kept;
ALTER TABLE ledger_pendingentry ENABLE ALWAYS TRIGGER ledger_pendingentry_insert_only;
"""
DROP_PENDING = """
DROP TRIGGER ledger_pendingentry_insert_only ON ledger_pendingentry;
DROP TRIGGER ledger_pendingentry_kept ON ledger_pendingentry;
DROP FUNCTION ledger_keep_pending();
"""

# The one change a private text knows is its erasure, salt included: with the salt a short text could be guessed.
PRIVATE = """
CREATE FUNCTION ledger_only_erase() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.text IS NULL AND NEW.salt IS NULL
            AND (NEW.id, NEW.entry_id, NEW.field) = (OLD.id, OLD.entry_id, OLD.field) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% refused: a private text can only be erased', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_privatetext_only_erase BEFORE UPDATE OR DELETE ON ledger_privatetext
    FOR EACH ROW EXECUTE FUNCTION ledger_only_erase();
CREATE TRIGGER ledger_privatetext_no_truncate BEFORE TRUNCATE ON ledger_privatetext
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_only_erase();
ALTER TABLE ledger_privatetext ENABLE ALWAYS TRIGGER ledger_privatetext_only_erase;
ALTER TABLE ledger_privatetext ENABLE ALWAYS TRIGGER ledger_privatetext_no_truncate;

CREATE FUNCTION ledger_erase_private(entry bigint, fields text[]) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH erased AS (
        UPDATE public.ledger_privatetext SET text = NULL, salt = NULL, erased_at = now()
            WHERE entry_id = entry AND field = ANY (fields) AND erased_at IS NULL RETURNING 1
    )
    SELECT count(*) FROM erased;
$$;
REVOKE ALL ON FUNCTION ledger_erase_private(bigint, text[]) FROM PUBLIC;
"""
DROP_PRIVATE = """
DROP FUNCTION ledger_erase_private(bigint, text[]);
DROP TRIGGER ledger_privatetext_no_truncate ON ledger_privatetext;
DROP TRIGGER ledger_privatetext_only_erase ON ledger_privatetext;
DROP FUNCTION ledger_only_erase();
"""


def grant(apps, schema_editor):
    """Take back what default privileges gave, then give each role what it needs."""
    quote = schema_editor.quote_name
    app, sequencer = quote(settings.DATABASE_ROLES["app"]), quote(settings.DATABASE_ROLES["sequencer"])
    for statement in (
        f"REVOKE ALL ON {TABLES} FROM PUBLIC, {app}, {sequencer}",
        f"GRANT SELECT ON {APP_READS} TO {app}",
        f"GRANT INSERT ON ledger_pendingentry TO {app}",
        f"GRANT USAGE ON SEQUENCE ledger_pendingentry_order_seq TO {app}",
        f"GRANT INSERT, UPDATE, DELETE ON ledger_cursor TO {app}",
        f"GRANT EXECUTE ON FUNCTION ledger_erase_private(bigint, text[]) TO {app}",
        f"GRANT SELECT, DELETE ON ledger_pendingentry TO {sequencer}",
        f"GRANT SELECT, INSERT ON {SEQUENCER_ADDS} TO {sequencer}",
        f"GRANT USAGE ON SEQUENCE ledger_tile_id_seq, ledger_privatetext_id_seq TO {sequencer}",
    ):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        insert_only("ledger_entry"),
        insert_only("ledger_tile"),
        insert_only("ledger_checkpoint"),
        migrations.RunSQL(PENDING, DROP_PENDING),
        migrations.RunSQL(PRIVATE, DROP_PRIVATE),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
