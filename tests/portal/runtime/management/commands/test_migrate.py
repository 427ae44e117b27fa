"""Migrations run beside a portal that is used: they wait briefly, let others go first, and try again."""

import os
import subprocess
import sys
import time

import psycopg
import pytest

from portal.env import BASE_DIR
from tests.databases import WORKER, database_of, url_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def migrate(*options: str) -> subprocess.Popen[str]:
    """Take back, or apply, the migrations of one small app."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "pages", *options, "--skip-checks", "-v0"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def in_use() -> psycopg.Connection:
    """Hold a table of that app as a reader's transaction does."""
    connection = psycopg.connect(url_of("app", database_of(WORKER)))
    connection.execute("SELECT count(*) FROM pages_cspreport")
    return connection


def test_a_table_that_stays_in_use_is_said_in_words_and_nothing_is_half_done() -> None:
    with in_use() as reader:
        ended = migrate("zero", "--lock-seconds=0.2", "--tries=1")
        told = ended.communicate(timeout=60)[1]
        assert ended.returncode == 1
        assert "A table did not get free in 1 tries of 0.2 s." in told
        assert "pg_stat_activity" in told
        reader.execute("SELECT count(*) FROM pages_cspreport")


def test_a_table_that_gets_free_is_migrated_at_a_later_try() -> None:
    with in_use() as reader:
        waiting = migrate("zero", "--lock-seconds=0.2", "--tries=3")
        assert waiting.stderr is not None
        assert "tried again in" in waiting.stderr.readline()
        reader.commit()
        assert waiting.wait(60) == 0
    with (
        psycopg.connect(url_of("app", database_of(WORKER))) as connection,
        pytest.raises(psycopg.errors.UndefinedTable),
    ):
        connection.execute("SELECT count(*) FROM pages_cspreport")
    assert migrate().wait(60) == 0


def test_others_go_on_reading_while_a_migration_tries() -> None:
    with in_use(), psycopg.connect(url_of("app", database_of(WORKER)), autocommit=True) as other:
        trying = migrate("zero", "--lock-seconds=0.3", "--tries=2")
        longest = 0.0
        while trying.poll() is None:
            begin = time.monotonic()
            other.execute("SELECT count(*) FROM pages_cspreport")
            longest = max(longest, time.monotonic() - begin)
            time.sleep(0.02)
    assert trying.returncode == 1
    assert longest < 3
