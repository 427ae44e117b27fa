from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as portal_settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from pytest_django import Settings

from portal.blobs import store
from portal.blobs.services import store_stream
from portal.core.clock import now
from portal.jobs.broker import Depth
from portal.jobs.kinds import QUEUES
from portal.jobs.models import Job
from portal.ledger import keeping, subscriptions
from portal.ledger.catalogue import Event, subscriber
from portal.ledger.sequencing import sequence_batch
from portal.runtime import vitals as vitals_module
from portal.runtime.soundness import Finding
from portal.runtime.vitals import vitals
from tests.portal.jobs.conftest import Enqueue, developer, enqueue
from tests.portal.ledger.cast import event_type, write

__all__ = ["developer", "enqueue"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    settings.HOME, settings.BLOB_ROOT = tmp_path, tmp_path / "blobs"
    return tmp_path


def sequence() -> None:
    assert portal_settings.DATABASE_SEQUENCER_URL
    with psycopg.connect(portal_settings.DATABASE_SEQUENCER_URL, autocommit=True) as connection:
        sequence_batch(connection)


def found() -> dict[str, Finding]:
    return {finding.name: finding for finding in vitals()}


def test_a_young_installation_needs_nothing() -> None:
    told = found()
    assert all(finding.holds for finding in told.values()), told
    assert set(told) == {"versions", "clock", "queues", "ledger", "checkpoint", "subscribers", "stored files"}
    assert "PostgreSQL" in told["versions"].detail


def test_a_clock_that_is_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals_module, "now", lambda: now() - timedelta(minutes=3))
    finding = found()["clock"]
    assert finding.detail.startswith(("180.", "179."))
    assert "time server" in finding.remedy


def test_a_queue_without_a_worker_is_named(enqueue: Enqueue) -> None:
    job = enqueue()
    assert found()["queues"].holds
    Job.objects.filter(pk=job.pk).update(created_at=now() - timedelta(minutes=10))
    finding = found()["queue intake"]
    assert finding.detail == "1 jobs wait, the oldest for 10 min, and none is worked on"
    assert "-Q intake" in finding.remedy
    Job.objects.filter(pk=enqueue().pk).update(state="running")
    assert found()["queues"].holds


def test_a_broker_that_counts_consumers_tells_of_a_queue_before_jobs_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    depths = [Depth(queue, 0, 1) for queue in QUEUES if queue != "validation"]
    monkeypatch.setattr(vitals_module, "queue_depths", lambda: depths)
    assert found()["queue validation"].detail == "no worker takes from it"
    monkeypatch.setattr(vitals_module, "queue_depths", lambda: [*depths, Depth("validation", 3, 1)])
    assert found()["queues"].detail == "3 messages, none waits in vain"


def test_entries_that_wait_too_long_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    write(1)
    assert found()["ledger"].holds
    monkeypatch.setattr(vitals_module, "MOST_LAG", timedelta(0))
    assert "sequencer" in found()["ledger"].remedy


def test_the_copy_of_the_checkpoint_is_compared(home: Path) -> None:
    write(1)
    sequence()
    assert found()["checkpoint"].detail.endswith("copied outside at size 1")
    first = keeping.latest(home / "checkpoints")
    assert first is not None
    (home / "checkpoints" / "latest").write_text(first.replace("\n1\n", "\n7\n"))
    assert "Entries were lost" in found()["checkpoint"].remedy
    (home / "checkpoints" / "latest").unlink()
    assert "no copy outside" in found()["checkpoint"].detail


def test_a_parked_subscriber_is_named_and_resumed_by_the_command_in_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if len(heard) == 1:
            raise RuntimeError("not yet")

    monkeypatch.setattr(subscriptions, "ATTEMPTS", 1)
    subscriber(event_type())(listen)
    write(1)
    sequence()
    subscriptions.deliver()
    [finding] = [finding for finding in vitals() if finding.name.startswith("subscriber ")]
    assert "parked at entry 0: RuntimeError: not yet" in finding.detail
    command = finding.remedy.partition("manage.py ")[2].split()
    call_command(*command)
    assert subscriptions.deliver() == 1
    assert found()["subscribers"].holds
    with pytest.raises(CommandError, match="no subscriber"):
        call_command("resume_subscriber", "nobody")


def test_a_damaged_file_of_the_store_is_named() -> None:
    blob = store_stream([b"whole"])
    assert found()["stored files"].detail == "1 files read against their digests"
    store.path_of(blob.sha256).write_bytes(b"other")
    assert blob.sha256 in found()["stored files"].detail


def test_a_database_that_goes_away_ends_the_look_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise DatabaseError("terminating connection\nDETAIL: more")

    monkeypatch.setattr(vitals_module, "health", gone)
    assert list(vitals())[-1] == Finding(
        "database", "terminating connection", "Start the database, and run `manage.py migrate`."
    )
