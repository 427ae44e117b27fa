import psycopg
import pytest
from django.conf import settings

from portal.runtime import roles
from tests.databases import WORKER, database_of, url_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize("role", ["owner", "app", "sequencer"])
def test_no_role_is_more_than_it_needs(role: str) -> None:
    with psycopg.connect(url_of("owner", database_of(WORKER))) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin "
            "FROM pg_roles WHERE rolname = %s",
            [settings.DATABASE_ROLES[role]],
        ).fetchone()
    assert row == (False, False, False, False, False, True)


def test_the_app_reads_and_writes_rows_but_makes_no_tables() -> None:
    with psycopg.connect(url_of("app", database_of(WORKER))) as connection:
        connection.execute("SELECT count(*) FROM django_content_type")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_the_sequencer_cannot_read_what_is_not_the_ledgers() -> None:
    with (
        psycopg.connect(url_of("sequencer", database_of(WORKER))) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT count(*) FROM django_content_type")


def test_messages_that_a_killed_worker_took_are_given_out_again(queue_url: str) -> None:
    conninfo = roles.postgresql_url(queue_url)
    with psycopg.connect(conninfo) as connection:
        connection.execute("SELECT pgmq.create('taken')")
        connection.execute("SELECT pgmq.send('taken', '{}')")
        assert len(connection.execute("SELECT * FROM pgmq.read('taken', 7200, 5)").fetchall()) == 1
        assert connection.execute("SELECT * FROM pgmq.read('taken', 7200, 5)").fetchall() == []
    assert roles.show_messages_again(queue_url) == 1
    assert roles.show_messages_again(queue_url) == 0
    with psycopg.connect(conninfo) as connection:
        assert len(connection.execute("SELECT * FROM pgmq.read('taken', 1, 5)").fetchall()) == 1
        connection.execute("SELECT pgmq.drop_queue('taken')")
