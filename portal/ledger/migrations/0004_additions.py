"""What is finished takes no additions, and a private text is erased only together with an entry that says so."""

from django.db import migrations

from portal.ledger.protection import DROP_FUNCTIONS_OF_ADDITIONS, FUNCTIONS_OF_ADDITIONS

ERASURE = """
CREATE OR REPLACE FUNCTION ledger_erase_private(entry bigint, fields text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    erased bigint;
BEGIN
    WITH own AS MATERIALIZED (
        SELECT payload FROM public.ledger_pendingentry WHERE public.ledger_is_of_this_transaction(xmin)
    )
    SELECT count(*) INTO erased FROM own WHERE convert_from(payload, 'UTF8')::jsonb @> jsonb_build_object(
        'event', 'ledger.private_text.erased',
        'subject', jsonb_build_object('type', 'entry', 'id', entry::text),
        'data', jsonb_build_object('fields', to_jsonb(fields))
    );
    IF erased = 0 THEN
        RAISE EXCEPTION 'erasure refused: this transaction writes no entry that says so'
            USING ERRCODE = 'restrict_violation';
    END IF;
    UPDATE public.ledger_privatetext SET text = NULL, salt = NULL, erased_at = now()
        WHERE entry_id = entry AND field = ANY (fields) AND erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
"""
WITHOUT_ENTRY = """
CREATE OR REPLACE FUNCTION ledger_erase_private(entry bigint, fields text[]) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    WITH erased AS (
        UPDATE public.ledger_privatetext SET text = NULL, salt = NULL, erased_at = now()
            WHERE entry_id = entry AND field = ANY (fields) AND erased_at IS NULL RETURNING 1
    )
    SELECT count(*) FROM erased;
$$;
"""


class Migration(migrations.Migration):
    locks = "The UPDATE is the body of a function; the migration itself changes no row."
    dependencies = [("ledger", "0003_pending_entries_are_events")]

    operations = [
        migrations.RunSQL(FUNCTIONS_OF_ADDITIONS, DROP_FUNCTIONS_OF_ADDITIONS),
        migrations.RunSQL(ERASURE, WITHOUT_ENTRY),
    ]
