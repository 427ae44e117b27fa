from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import connections, models
from django.db.migrations.state import ModelState, ProjectState
from django.test.utils import CaptureQueriesContext

from portal.core.fulltext import Words
from portal.core.migrating import AddIndexBesideUse
from portal.settings import database

NAME = "release_words_again"


@pytest.fixture
def owner(transactional_db: None) -> Iterator[str]:
    """Let the connection be the owner's, who may make indexes."""
    connection = connections["default"]
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict |= database(settings.DATABASE_OWNER_URL)
    connection.settings_dict["OPTIONS"] = {"options": "-c lock_timeout=1234"}
    yield str(settings.DATABASE_OWNER_URL)
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(before)


def add() -> list[str]:
    """Run the operation, and return what it made the database do."""
    operation = AddIndexBesideUse("release", GinIndex(Words("fallback"), name=NAME))
    state = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("fallback", models.TextField()),
    ]
    state.add_model(ModelState("registry", "Release", fields, {"db_table": "registry_release"}))
    after = state.clone()
    operation.state_forwards("registry", after)
    connection = connections["default"]
    with CaptureQueriesContext(connection) as captured, connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("registry", editor, state, after)
    return [query["sql"] for query in captured if "INDEX" in query["sql"]]


def test_an_index_is_built_beside_use_and_kept_when_the_migration_is_repeated(owner: str) -> None:
    assert [sql.split(" ON ")[0] for sql in add()] == [f'CREATE INDEX CONCURRENTLY "{NAME}"']
    assert add() == []
    with connections["default"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("1234ms",), "what the rest of the migration waits by"


def test_what_a_build_that_was_cut_short_left_behind_is_built_anew(owner: str) -> None:
    with psycopg.connect(owner, autocommit=True) as other:
        other.execute("SET statement_timeout = '300ms'")
        with psycopg.connect(owner) as writer:
            writer.execute("LOCK TABLE registry_release IN ROW EXCLUSIVE MODE")
            with pytest.raises(psycopg.errors.QueryCanceled):
                other.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON registry_release (fallback)")
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass"
        assert other.execute(valid, [NAME]).fetchone() == (False,)
        assert [sql.split(" ON ")[0].split(" IF ")[0] for sql in add()] == [
            "DROP INDEX CONCURRENTLY",
            f'CREATE INDEX CONCURRENTLY "{NAME}"',
        ]
        assert other.execute(valid, [NAME]).fetchone() == (True,)
