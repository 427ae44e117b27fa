from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from portal.core.clock import now
from portal.jobs import broker
from portal.jobs.models import Pulse
from portal.jobs.services import pulse
from portal.overviews import health
from portal.overviews.health import (
    blob_probe,
    broker_probe,
    database_probe,
    disk_probe,
    migrations_probe,
    readiness,
    sequencer_probe,
)


def refused(*_: object, **__: object) -> None:
    raise DatabaseError("gone away from 10.0.0.7")


@pytest.mark.django_db(transaction=True)
def test_a_portal_that_can_work_is_ready(tmp_path: Path, settings: Settings) -> None:
    settings.BLOB_ROOT = tmp_path
    pulse("sequencer")
    assert [(probe.name, probe.healthy) for probe in readiness()] == [
        ("database", True),
        ("migrations", True),
        ("sequencer", True),
        ("broker", True),
        ("blobs", True),
        ("disk", True),
    ]


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_without_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", refused)
    probe = database_probe()
    assert (probe.healthy, probe.detail) == (False, "the database does not answer")
    assert "10.0.0.7" not in probe.remedy


@pytest.mark.django_db
def test_a_role_that_may_do_too_much_is_not_healthy(settings: Settings) -> None:
    assert database_probe().healthy
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'ledger_entry'")
        [owner] = cursor.fetchone()
    assert owner != settings.DATABASES["default"]["USER"]


@pytest.mark.django_db
def test_migrations_that_have_not_run_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = MigrationRecorder.applied_migrations
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda recorder: {key: row for key, row in applied(recorder).items() if key != ("pages", "0001_initial")},
    )
    probe = migrations_probe()
    assert (probe.healthy, probe.detail, probe.remedy) == (False, "1 has not run", "Run: manage.py migrate")


def test_migrations_can_not_be_read_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MigrationExecutor", refused)
    assert "does not answer" in migrations_probe().detail


@pytest.mark.django_db
def test_a_sequencer_that_never_ran_or_went_silent_is_said() -> None:
    assert sequencer_probe().detail == "has never run here"
    pulse("sequencer")
    pulse("sequencer")
    assert sequencer_probe().healthy
    Pulse.objects.update(at=now() - timedelta(seconds=40))
    probe = sequencer_probe()
    assert (probe.healthy, probe.detail) == (False, "silent for 40 s")


@pytest.mark.parametrize(
    ("url", "detail"), [(None, "is not configured"), ("amqp://guest:pw@127.0.0.1:1//", "does not answer")]
)
def test_a_broker_that_is_away_is_said_without_its_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str | None, detail: str
) -> None:
    settings.CELERY_BROKER_URL = url
    monkeypatch.setattr(broker.app.conf, "broker_url", url)
    probe = broker_probe()
    assert (probe.healthy, probe.detail) == (False, detail)
    assert "127.0.0.1" not in probe.remedy


def test_a_blob_store_that_is_missing_is_told_to_who_may_know_the_path(settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path / "nowhere"
    probe = blob_probe()
    assert (probe.healthy, probe.detail) == (False, "the store is missing")
    assert str(tmp_path) in probe.remedy


def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disk_probe().healthy
    monkeypatch.setattr(health, "LEAST_DISK", 1 << 60)
    assert disk_probe().detail == "almost full"
