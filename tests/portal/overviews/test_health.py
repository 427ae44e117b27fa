from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from portal.overviews import health
from portal.overviews.health import blob_probe, database_probe, migrations_probe, readiness


def refused(*_: object, **__: object) -> None:
    raise DatabaseError("gone away")


@pytest.fixture
def blobs(tmp_path: Path, settings: Settings) -> Path:
    settings.BLOB_ROOT = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_a_portal_that_can_work_is_ready(blobs: Path) -> None:
    assert [(probe.name, probe.healthy) for probe in readiness()] == [
        ("database", True),
        ("migrations", True),
        ("blobs", True),
    ]
    assert blobs.is_dir()


@pytest.mark.django_db
def test_a_database_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", refused)
    assert not database_probe().healthy
    assert "gone away" in database_probe().detail


@pytest.mark.django_db
def test_migrations_that_have_not_run_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    applied = MigrationRecorder.applied_migrations
    monkeypatch.setattr(
        MigrationRecorder,
        "applied_migrations",
        lambda recorder: {key: row for key, row in applied(recorder).items() if key != ("pages", "0001_initial")},
    )
    probe = migrations_probe()
    assert not probe.healthy
    assert probe.detail == "1 migrations have not run: manage.py migrate"


def test_migrations_can_not_be_read_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MigrationExecutor", refused)
    assert "does not answer" in migrations_probe().detail


def test_a_blob_store_that_is_missing_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path / "nowhere"
    probe = blob_probe()
    assert (probe.healthy, probe.detail) == (False, f"{tmp_path / 'nowhere'} is missing")
