"""Tasks: called here as a worker calls them, and run by a real worker that is killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from django.db import OperationalError

from portal.core.actors import Actor
from portal.core.errors import Conflict
from portal.core.ids import uuid7
from portal.core.progress import Progress
from portal.core.sandbox import CageUnavailable
from portal.env import BASE_DIR
from portal.jobs import reaper, services
from portal.jobs.broker import configure
from portal.jobs.decorators import TICKS, tick
from portal.jobs.decorators import job as job_of
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.jobs.progress import JobProgress
from portal.ledger.models import PendingEntry
from portal.runtime.roles import show_messages_again
from tests.portal.jobs.conftest import Enqueue

Wait = Callable[[Callable[[], object]], None]
Make = Callable[[Callable[..., None]], Callable[[int], None]]
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Make a task of a kind of its own: Celery keeps the first task of a name for ever."""

    def make(work: Callable[..., None]) -> Callable[[int], None]:
        kind = f"trial.{uuid7()}"
        monkeypatch.setitem(KINDS, kind, "intake")
        return job_of(kind)(work)

    return make


@pytest.mark.django_db
def test_work_that_returns_is_done(enqueue: Enqueue, made: Make) -> None:
    seen: list[tuple[int, str]] = []

    def work(thing_id: int, progress: Progress) -> None:
        progress(1, 2, "Half")
        seen.append((thing_id, Job.objects.get().progress_message))

    job = enqueue(thing_id=7)
    task = made(work)
    task(job.pk)
    task(job.pk)
    assert seen == [(7, "Half")]
    assert Job.objects.get().state == "done"


@pytest.mark.django_db
def test_refusal_is_failed_and_says_why(enqueue: Enqueue, made: Make) -> None:
    def work(progress: Progress) -> None:
        raise Conflict("The version is sealed.")

    job = enqueue()
    made(work)(job.pk)
    row = Job.objects.get()
    assert (row.state, (row.error or {}).get("detail")) == ("failed", "The version is sealed.")


@pytest.mark.django_db
def test_work_that_lacks_something_is_tried_again_and_fails_the_third_time(enqueue: Enqueue, made: Make) -> None:
    def work(progress: Progress) -> None:
        raise CageUnavailable("A caged child did not start: it was killed.")

    job = enqueue()
    task = made(work)
    states = []
    for _ in range(4):
        task(job.pk)
        states.append(Job.objects.get().state)
    assert states == ["queued", "queued", "failed", "failed"]
    assert (Job.objects.get().error or {})["code"] == "cage_unavailable"


@pytest.mark.django_db
def test_defect_is_errored_and_raised_again(enqueue: Enqueue, made: Make) -> None:
    def work(progress: Progress) -> None:
        raise ZeroDivisionError

    job = enqueue()
    with pytest.raises(ZeroDivisionError):
        made(work)(job.pk)
    row = Job.objects.get()
    assert (row.state, (row.error or {}).get("code")) == ("errored", "defect")


@pytest.mark.django_db
def test_cancelled_work_ends_as_cancelled(enqueue: Enqueue, developer: Actor, made: Make) -> None:
    def work(progress: Progress) -> None:
        services.request_cancel(actor=developer, job=Job.objects.get())
        progress(1, 2, "Never written")

    job = enqueue()
    made(work)(job.pk)
    assert Job.objects.get().state == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_heart_beats_and_hears_the_wish_to_stop(
    enqueue: Enqueue, developer: Actor, made: Make, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    monkeypatch.setattr(services, "HEARTBEAT_EVERY", 0.02)

    def work(progress: JobProgress) -> None:
        first = Job.objects.get().heartbeat_at
        wait(lambda: Job.objects.get().heartbeat_at != first)
        assert not progress.cancelled()
        services.request_cancel(actor=developer, job=Job.objects.get())
        wait(progress.cancelled)

    job = enqueue()
    made(work)(job.pk)
    assert Job.objects.get().state == "done", "who never asks again has done its work"


@pytest.mark.django_db
def test_database_that_goes_away_leaves_the_job_to_be_taken_up_again(enqueue: Enqueue, made: Make) -> None:
    def work(progress: JobProgress) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    job = enqueue()
    with pytest.raises(OperationalError):
        made(work)(job.pk)
    row = Job.objects.get()
    assert (row.state, row.error) == ("running", None)


@pytest.mark.django_db
def test_last_step_ends_the_job_and_an_overtaken_one_writes_nothing(enqueue: Enqueue, made: Make) -> None:
    def work(progress: JobProgress) -> None:
        with progress.first_step():
            row = Job.objects.get()
        if row.attempt == 1:
            services.take_up(row)
            assert services.claim(row.pk)
        with progress.last_step():
            Job.objects.update(subject_label=f"by attempt {row.attempt}")

    job = enqueue()
    task = made(work)
    task(job.pk)
    assert (Job.objects.get().state, Job.objects.get().subject_label) == ("running", "Thing 7")
    services.take_up(Job.objects.get())
    task(job.pk)
    assert (Job.objects.get().state, Job.objects.get().subject_label) == ("done", "by attempt 3")


def test_undeclared_kind_has_no_task() -> None:
    with pytest.raises(ValueError, match="not a declared kind"):
        job_of("trial.unheard")


def test_tick_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TICKS, "trial.tick", 5.0)
    with pytest.raises(ValueError, match="declared twice"):
        tick("trial.tick", 5.0)


@pytest.fixture
def wait() -> Wait:
    """Wait until something holds, at most 40 seconds."""

    def until(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 40
        while not holds():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.02)

    return until


@pytest.fixture
def start_worker(queue_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start real workers on the embedded broker; publish to it from here."""
    publisher = Celery("trial", set_as_current=False)
    configure(publisher, queue_url)
    monkeypatch.setattr(services, "app", publisher)
    monkeypatch.setattr(reaper, "LOST_AFTER", timedelta(seconds=4))
    variables = os.environ | {"BROKER_URL": queue_url, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    celery = [sys.executable, "-m", "celery", "-A", "tests.portal.jobs.trial_worker", "worker", "-Q", "intake"]
    options = ["-n", "trial@local", "-c", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([*celery, *options], cwd=BASE_DIR, env=variables, start_new_session=True))
        return started[-1]

    yield start
    for worker in started:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    publisher.close()


def lines(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("killed", ["pool process", "whole worker"])
def test_job_of_a_killed_worker_is_done_once_and_recorded_once(  # noqa: PLR0917
    killed: str, enqueue: Enqueue, start_worker: Start, queue_url: str, tmp_path: Path, wait: Wait
) -> None:
    worker = start_worker()
    job = enqueue(folder=str(tmp_path))
    started, done = tmp_path / "started", tmp_path / "done"
    wait(lambda: lines(started))
    if killed == "pool process":
        os.kill(lines(started)[0], signal.SIGKILL)
    else:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        show_messages_again(queue_url)
        start_worker()
    wait(reaper.Reaper().watch)
    Job.objects.update(created_at=job.created_at - services.PUBLISHING_TAKES)
    wait(services.relay)
    wait(lambda: len(lines(started)) == 2)
    (tmp_path / "go").touch()
    wait(lambda: Job.objects.get().state == "done")
    row = Job.objects.get()
    assert (row.attempt, row.error) == (2, None)
    assert len(lines(done)) == 1
    assert lines(done)[0] == lines(started)[1]
    assert sum(b'"jobs.job.ended"' in bytes(entry.payload) for entry in PendingEntry.objects.all()) == 1
