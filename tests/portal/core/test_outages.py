"""Outages as both doors tell them: an exhausted pool, a database that goes away and comes back, a disk that is full."""

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client
from pytest_django import Settings

from portal.accounts.choices import Role
from portal.accounts.models import Team
from portal.core.outages import outage_of
from portal.jobs.errors import problem_of as job_problem_of
from tests.factories.accounts import TeamFactory, person_with
from tests.factories.registry import DatasetFactory
from tests.portal.api.callers import Caller, problem_of

SMALL_POOL = {"min_size": 1, "max_size": 1, "timeout": 0.3}


@contextmanager
def connecting(**changed: Any) -> Iterator[None]:
    """Change how the portal connects, with a pool of its own, and change it back."""
    wrapper = connections["default"]
    assert isinstance(wrapper, DatabaseWrapper)
    former = dict(wrapper.settings_dict)
    for settings in ({**former, **changed}, former):
        wrapper.close()
        wrapper.close_pool()
        wrapper.settings_dict.update(settings)
        if settings is not former:
            yield


@pytest.fixture
def developer(transactional_db: None) -> Caller:
    return Caller(person_with(Role.DEVELOPER, team=TeamFactory.create(slug="lending")))


@pytest.fixture
def browser(developer: Caller) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(developer.user)
    return client


def refused(developer: Caller, browser: Client) -> None:
    """Look at what both doors say while the database is away."""
    answer = developer.get("/models")
    assert "database does not answer" in problem_of(answer, 503, "unavailable")["detail"]
    assert answer.headers["Retry-After"] == "5"
    page = browser.get("/models")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "The portal can't do this right now." in page.content.decode()
    assert browser.get("/readyz").status_code == 503
    assert browser.get("/livez").status_code == 200


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_exhausted_pool_is_told_and_is_over_when_a_connection_is_free(developer: Caller, browser: Client) -> None:
    taken, leave = threading.Event(), threading.Event()

    def hold() -> None:
        connection.ensure_connection()
        taken.set()
        leave.wait(30)
        connection.close()

    with connecting(OPTIONS={**connection.settings_dict["OPTIONS"], "pool": SMALL_POOL}):
        holder = threading.Thread(target=hold)
        holder.start()
        taken.wait(10)
        refused(developer, browser)
        leave.set()
        holder.join()
        assert developer.get("/models").status_code == 200
        assert browser.get("/models").status_code == 200


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_database_that_is_away_is_told(developer: Caller, browser: Client, tmp_path: Path) -> None:
    with connecting(
        HOST=str(tmp_path), OPTIONS={**connection.settings_dict["OPTIONS"], "pool": {**SMALL_POOL, "max_size": 2}}
    ):
        refused(developer, browser)
    assert developer.get("/models").status_code == 200


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_connections_that_a_restart_cut_are_replaced_unseen(developer: Caller, browser: Client) -> None:
    assert developer.get("/models").status_code == 200
    others = (
        "SELECT pid FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
        " AND datname = current_database()"  # not those of the tests beside this one
    )
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as app:
        for (process,) in app.execute(others).fetchall():
            app.execute("SELECT pg_terminate_backend(%s)", [process])
    connection.close()  # as at the end of a request: back into the pool
    assert developer.get("/models").status_code == 200
    assert browser.get("/models").status_code == 200


@pytest.fixture
def full_store(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A blob store on a disk of its own with room for 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.decode().strip()}")
    settings.BLOB_ROOT = disk
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.django_db(transaction=True)
def test_upload_to_a_full_disk_is_refused_and_leaves_nothing(full_store: Path, developer: Caller) -> None:
    dataset = DatasetFactory.create(team=Team.objects.get(slug="lending"))
    address = f"/datasets/{dataset.slug}/snapshots"
    answer = developer.upload("POST", address, b"day,x\n" + b"2026-01-01,1\n" * 20_000)
    assert "disk is full" in problem_of(answer, 503, "storage_full")["detail"]
    assert answer.headers["Retry-After"] == "60"
    assert not dataset.snapshots.exists()
    assert [path for path in full_store.rglob("*") if path.is_file()] == []
    assert developer.upload("POST", address, b"day,x\n2026-01-01,1\n").status_code == 202


def raised(code: str) -> BaseException:
    """Return what Django raises where the database refuses with this code."""
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'said' USING ERRCODE = '{code}'; END $$")
    return caught.value


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sqlstate", "code", "retry_after"),
    [("disk_full", "storage_full", 60), ("deadlock_detected", "unavailable", 1), ("admin_shutdown", "unavailable", 5)],
)
def test_what_the_database_refuses_for_a_while_is_an_outage(sqlstate: str, code: str, retry_after: int) -> None:
    outage = outage_of(raised(sqlstate))
    assert outage is not None
    assert (outage.status, outage.code, outage.retry_after) == (503, code, retry_after)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_disk_without_room_is_an_outage(number: int) -> None:
    outage = outage_of(OSError(number, "said"))
    assert outage is not None
    assert outage.code == "storage_full"
    assert job_problem_of(OSError(number, "said"))["code"] == "storage_full"


def test_defects_and_refusals_are_none() -> None:
    for error in (None, ValueError(), IntegrityError(), OSError(errno.ENOENT, "said"), KeyboardInterrupt()):
        assert outage_of(error) is None
    assert outage_of(InterfaceError("the connection is closed")) is not None
