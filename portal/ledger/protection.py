"""Triggers that other apps' migrations put on their tables (invariant 1).

A migration that uses them depends on `DEPENDENCY`, which makes the trigger functions, or for the makers whose names
begin with `added_` on `DEPENDENCY_OF_ADDITIONS`.
"""

from collections.abc import Sequence

from django.db.migrations import RunSQL

DEPENDENCY = ("ledger", "0002_protection")
DEPENDENCY_OF_ADDITIONS = ("ledger", "0004_additions")

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


# Locked for share: what is closed by another transaction meanwhile is seen closed.
FUNCTIONS_OF_ADDITIONS = """
-- Arguments: column that names the parent, the parent's table, states in which it takes additions (comma-separated).
CREATE FUNCTION ledger_refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint := to_jsonb(NEW) ->> TG_ARGV[0];
    found text;
BEGIN
    EXECUTE format('SELECT state FROM public.%I WHERE id = $1 FOR SHARE', TG_ARGV[1]) INTO found USING parent;
    IF found = ANY (string_to_array(TG_ARGV[2], ',')) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'INSERT refused: row % of % is %, so % takes no more rows for it',
        parent, TG_ARGV[1], coalesce(found, 'missing'), TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- Whether the row version that this xmin made is the present transaction's own, or one of its savepoints':
-- nobody else's is visible while it is in progress. The row's number lacks the upper half, which is ours.
CREATE FUNCTION ledger_is_of_this_transaction(made_by xid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    present bigint := pg_current_xact_id()::text::bigint;
    other bigint := (present >> 32 << 32) | made_by::text::bigint;
BEGIN
    IF other - present > 2147483648 THEN
        RETURN false;  -- of the numbers' former round
    END IF;
    RETURN pg_xact_status(other::text::xid8) IS NOT DISTINCT FROM 'in progress';
END $$;

-- Arguments: column that names the parent, the parent's table, which is insert-only.
CREATE FUNCTION ledger_refuse_apart() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint := to_jsonb(NEW) ->> TG_ARGV[0];
    together boolean;
BEGIN
    EXECUTE format('SELECT public.ledger_is_of_this_transaction(xmin) FROM public.%I WHERE id = $1', TG_ARGV[1])
        INTO together USING parent;
    IF together THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'INSERT refused: % takes rows only with row % of % itself', TG_TABLE_NAME, parent, TG_ARGV[1]
        USING ERRCODE = 'restrict_violation';
END $$;
"""
DROP_FUNCTIONS_OF_ADDITIONS = """
DROP FUNCTION ledger_refuse_apart();
DROP FUNCTION ledger_is_of_this_transaction(xid);
DROP FUNCTION ledger_refuse_late();
"""


def added_while(table: str, column: str, parent: str, states: Sequence[str]) -> RunSQL:
    """Refuse INSERT once the row of `parent` that `column` names has left these states."""
    return _before_insert(table, f"ledger_refuse_late('{column}', '{parent}', '{','.join(states)}')")


def added_with(table: str, column: str, parent: str) -> RunSQL:
    """Refuse INSERT apart from the transaction that inserts the row of `parent`, an insert-only table."""
    return _before_insert(table, f"ledger_refuse_apart('{column}', '{parent}')")


def _before_insert(table: str, call: str) -> RunSQL:
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_in_time BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {call};
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_in_time;
        """,
        f"DROP TRIGGER {table}_in_time ON {table};",
    )
