"""Triggers that other apps' migrations put on their tables (invariant 1).

A migration that uses them depends on `DEPENDENCY`, which makes the trigger functions.
"""

from collections.abc import Sequence

from django.db.migrations import RunSQL

DEPENDENCY = ("ledger", "0002_protection")

FUNCTIONS = """
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% refused: % is insert-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- Arguments: state column, frozen states, columns that may still change; lists are comma-separated.
CREATE FUNCTION ledger_refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
    changed text;
BEGIN
    IF NOT (before ->> TG_ARGV[0]) = ANY (string_to_array(TG_ARGV[1], ',')) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'DELETE refused: this row of % is %', TG_TABLE_NAME, before ->> TG_ARGV[0]
            USING ERRCODE = 'restrict_violation';
    END IF;
    after := to_jsonb(NEW);
    SELECT string_agg(key, ', ' ORDER BY key) INTO changed FROM jsonb_each(before)
        WHERE value IS DISTINCT FROM after -> key AND NOT key = ANY (string_to_array(TG_ARGV[2], ','));
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION 'UPDATE refused: this row of % is %, % can not change',
            TG_TABLE_NAME, before ->> TG_ARGV[0], changed USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_FUNCTIONS = "DROP FUNCTION ledger_refuse_frozen(); DROP FUNCTION ledger_refuse_change();"


def insert_only(table: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on the table to everybody, its owner included."""
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
        """,
        f"DROP TRIGGER {table}_insert_only ON {table};",
    )


def frozen_columns(
    table: str, state_column: str, frozen_states: Sequence[str], mutable_columns: Sequence[str] = ()
) -> RunSQL:
    """Refuse DELETE, and UPDATE of all but the mutable columns, for rows whose state is frozen; refuse TRUNCATE.

    Name `state_column` among the mutable columns when a frozen row may still move on.
    """
    states, mutable = ",".join(frozen_states), ",".join(mutable_columns)
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW
            EXECUTE FUNCTION ledger_refuse_frozen('{state_column}', '{states}', '{mutable}');
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_frozen;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
        """,
        f"DROP TRIGGER {table}_frozen ON {table}; DROP TRIGGER {table}_no_truncate ON {table};",
    )


def no_return(table: str, condition: str) -> RunSQL:
    """Refuse updates on this condition: a state that was left behind would open the row again."""
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_no_return BEFORE UPDATE ON {table}
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION ledger_refuse_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_return;
        """,
        f"DROP TRIGGER {table}_no_return ON {table};",
    )
