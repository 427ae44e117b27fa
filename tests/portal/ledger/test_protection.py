from collections.abc import Callable, Iterator

import psycopg
import pytest

from portal.ledger.protection import frozen_columns, insert_only
from portal.ledger.sequencing import Connection

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
Refused = psycopg.errors.RestrictViolation


@pytest.fixture
def owner(connect_as: Callable[[str], Connection]) -> Iterator[Connection]:
    connection = connect_as("owner")
    connection.execute("CREATE TABLE trial_row (id int, state text, name text, closed_at timestamptz)")
    connection.execute("INSERT INTO trial_row VALUES (1, 'draft', 'a', NULL), (2, 'sealed', 'b', NULL)")
    yield connection
    connection.execute("DROP TABLE trial_row")


def test_insert_only_table_takes_rows_and_keeps_them(owner: Connection) -> None:
    owner.execute(str(insert_only("trial_row").sql).encode())
    owner.execute("INSERT INTO trial_row VALUES (3, 'draft', 'c', NULL)")
    for statement in ("UPDATE trial_row SET name = 'x'", "DELETE FROM trial_row", "TRUNCATE trial_row"):
        with pytest.raises(Refused, match="trial_row is insert-only"):
            owner.execute(statement.encode())
    owner.execute(str(insert_only("trial_row").reverse_sql).encode())
    owner.execute("DELETE FROM trial_row")


def test_frozen_row_changes_only_in_the_columns_named(owner: Connection) -> None:
    owner.execute(
        str(frozen_columns("trial_row", "state", ["sealed", "withdrawn"], ["state", "closed_at"]).sql).encode()
    )
    owner.execute("UPDATE trial_row SET name = 'x' WHERE id = 1")
    owner.execute("UPDATE trial_row SET state = 'sealed', name = 'y' WHERE id = 1")
    owner.execute("UPDATE trial_row SET state = 'withdrawn', closed_at = now() WHERE id = 1")
    for row in (1, 2):
        with pytest.raises(Refused, match="name can not change"):
            owner.execute("UPDATE trial_row SET name = 'z' WHERE id = %s", [row])
        with pytest.raises(Refused, match="DELETE refused"):
            owner.execute("DELETE FROM trial_row WHERE id = %s", [row])
    with pytest.raises(Refused):
        owner.execute("TRUNCATE trial_row")


def test_state_may_be_frozen_too(owner: Connection) -> None:
    owner.execute(str(frozen_columns("trial_row", "state", ["sealed"]).sql).encode())
    with pytest.raises(Refused, match="state can not change"):
        owner.execute("UPDATE trial_row SET state = 'draft' WHERE id = 2")


def test_triggers_fire_for_replicated_changes_too(connect_as: Callable[[str], Connection]) -> None:
    rows = connect_as("owner").execute(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'ledger_%' AND tgenabled <> 'A'"
    )
    assert rows.fetchall() == []
