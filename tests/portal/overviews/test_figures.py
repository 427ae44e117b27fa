from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from pytest_django import Settings

from portal.core.actors import Actor
from portal.core.clock import now
from portal.jobs.models import Job
from portal.jobs.services import pulse, request_cancel
from portal.overviews import figures as figures_module
from portal.overviews.figures import Figure, figures
from tests.portal.jobs.conftest import Enqueue, developer, enqueue

__all__ = ["developer", "enqueue"]

pytestmark = pytest.mark.django_db(transaction=True)


def value(found: list[Figure], name: str, **labels: str) -> float:
    [one] = [figure.value for figure in found if figure.name == name and figure.labels == labels]
    return one


def test_jobs_ledger_and_store_are_counted(
    enqueue: Enqueue, developer: Actor, settings: Settings, tmp_path: Path
) -> None:
    settings.BLOB_ROOT = tmp_path
    request_cancel(actor=developer, job=enqueue())
    enqueue()
    job = enqueue()
    Job.objects.filter(pk=job.pk).update(created_at=now() - timedelta(minutes=5))
    pulse("sequencer")
    found = figures()
    assert value(found, "jobs", kind="trial.work", state="queued") == 2
    assert 300 <= value(found, "jobs_oldest_waiting_seconds", queue="intake") < 330
    assert value(found, "jobs", kind="trial.work", state="cancelled") == 1
    assert value(found, "jobs_oldest_waiting_seconds", queue="reports") == 0
    assert value(found, "ledger_entries") == 0
    assert value(found, "ledger_pending_entries") > 0
    assert 0 < value(found, "ledger_lag_seconds") < 60
    assert value(found, "sequencer_pulse_age_seconds") < 60
    assert value(found, "blob_bytes") == 0
    assert value(found, "database_connections") >= 1
    assert value(found, "disk_free_bytes", of="home") > 0


def test_a_part_that_can_not_be_read_is_told_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> Iterator[Figure]:
        raise DatabaseError("no")

    monkeypatch.setitem(figures_module._DATABASE, "jobs", refused)
    found = figures()
    assert value(found, "part_answers", part="jobs") == 0
    assert value(found, "part_answers", part="ledger") == 1
    assert value(found, "ledger_entries") == 0


def test_a_statement_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow() -> Iterator[Figure]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")
        yield from ()

    monkeypatch.setattr(figures_module, "STATEMENT_MILLISECONDS", 100)
    monkeypatch.setitem(figures_module._DATABASE, "blobs", slow)
    assert value(figures(), "part_answers", part="blobs") == 0


def test_a_missing_store_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path / "nowhere"
    assert value(figures(), "part_answers", part="disk") == 0
