"""A job's life, step by step, on a real database and kombu's broker in memory."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from queue import Empty
from typing import Any

import pytest
from celery import Celery
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts.choices import Role
from portal.core.actors import Actor
from portal.core.clock import now
from portal.core.errors import Forbidden
from portal.core.progress import Cancelled
from portal.jobs import services
from portal.jobs.broker import app, configure
from portal.jobs.choices import JobState
from portal.jobs.errors import JobHasEnded, problem_of
from portal.jobs.events import JOB_ENDED
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.ledger.catalogue import REACTIONS, Event, Subject
from portal.ledger.models import PendingEntry
from tests.factories.accounts import TeamFactory, actor_with
from tests.portal.jobs.conftest import KIND, Enqueue
from tests.portal.ledger.replay import replayed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def published() -> list[int]:
    """Ids of the jobs waiting in the queue, which is emptied."""
    ids: list[int] = []
    with app.connection_for_read() as broker, broker.SimpleQueue("intake") as queue:
        while True:
            try:
                message = queue.get_nowait()
            except Empty:
                return ids
            ids.append(message.payload[0][0])
            message.ack()


def running(job: Job) -> Job:
    claimed = services.claim(job.pk)
    assert claimed is not None
    return claimed


def ended(job: Job) -> dict[str, Any]:
    return replayed("job")[str(job.pk)]


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    published()


def test_job_is_published_when_its_transaction_commits(
    enqueue: Enqueue, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueue(thing_id=7)
        assert published() == []
    assert published() == [job.pk]
    job.refresh_from_db()
    assert job.published_at is not None
    assert (job.state, job.attempt, job.arguments) == ("queued", 0, {"thing_id": 7})


@pytest.mark.django_db(transaction=True)
def test_rolled_back_transaction_leaves_no_job(enqueue: Enqueue) -> None:
    def fail() -> None:
        with transaction.atomic():
            enqueue()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Job.objects.count() == 0
    assert published() == []


@pytest.mark.django_db(transaction=True)
def test_enqueue_outside_a_transaction_is_a_defect(developer: Actor, enqueue: Enqueue) -> None:
    with pytest.raises(RuntimeError):
        services.enqueue(actor=developer, kind=KIND, subject=Subject("thing", "7", ""), arguments={})


def test_undeclared_kind_can_not_be_enqueued(developer: Actor) -> None:
    with pytest.raises(ValueError, match="not a declared kind"):
        services.enqueue(actor=developer, kind="trial.unheard", subject=Subject("thing", "7", ""), arguments={})


@pytest.mark.django_db(transaction=True)
def test_broker_that_is_away_costs_nothing_but_time(enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch) -> None:
    away = Celery("away", set_as_current=False)
    configure(away, "amqp://127.0.0.1:1//")
    away.conf.broker_connection_timeout = 0.1
    with monkeypatch.context() as patch:
        patch.setattr(services, "app", away)
        job = enqueue()
        assert services.relay() == 0, "its own process may still be at it"
        Job.objects.update(created_at=now() - services.PUBLISHING_TAKES)
        assert services.relay() == 0
    assert Job.objects.get().published_at is None
    assert published() == []
    assert services.relay() == 1
    assert published() == [job.pk]
    assert services.relay() == 0


def test_relay_publishes_again_what_nobody_started(enqueue: Enqueue) -> None:
    job = enqueue()
    Job.objects.update(published_at=now() - services.PUBLISH_AGAIN_AFTER - timedelta(seconds=1))
    assert services.relay() == 1
    assert published() == [job.pk]
    running(job)
    Job.objects.update(published_at=now() - services.PUBLISH_AGAIN_AFTER - timedelta(seconds=1))
    assert services.relay() == 0


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("created", "published_before", "is_due"),
    [
        (SECOND, None, False),
        (6 * SECOND, None, True),
        (-HOUR, None, True),  # the clock was set back since
        (20 * SECOND, 14 * SECOND, False),
        (20 * SECOND, 16 * SECOND, True),
        (3 * MINUTE, MINUTE, False),  # it waited two minutes for the first doubling
        (5 * MINUTE, 3 * MINUTE, True),
        (10 * HOUR, 4 * MINUTE, False),
        (10 * HOUR, 6 * MINUTE, True),
        (-HOUR, -HOUR, True),
    ],
)
def test_job_is_published_again_after_waiting_twice_as_long(
    created: timedelta, published_before: timedelta | None, is_due: object
) -> None:
    at = now()
    job = Job(created_at=at - created, published_at=None if published_before is None else at - published_before)
    assert services.waits_too_long(job, at) == is_due


def test_what_an_attempt_writes_is_there_with_its_end_or_not_at_all(enqueue: Enqueue) -> None:
    job = running(enqueue())

    def fail() -> None:
        with services.finishing(job):
            Job.objects.update(subject_label="written")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert Job.objects.get().subject_label == "Thing 7"
    with services.finishing(job):
        Job.objects.update(subject_label="written")
    row = Job.objects.get()
    assert (row.subject_label, row.state) == ("written", "done")
    assert ended(row)["state"] == "done"
    assert not services.end(job=job, state=JobState.DONE)


def test_attempt_that_was_overtaken_begins_and_finishes_nothing(enqueue: Enqueue) -> None:
    first = running(enqueue())
    lose_and_take_up(first)
    second = running(first)
    for step in (services.holding, services.finishing):
        with pytest.raises(Cancelled), step(first):
            pytest.fail("nothing is written")
    with services.holding(second):
        assert services.heartbeat(second)


def test_job_is_claimed_once(enqueue: Enqueue) -> None:
    job = enqueue()
    claimed = running(job)
    assert (claimed.state, claimed.attempt) == ("running", 1)
    assert services.claim(job.pk) is None
    services.end(job=claimed, state=JobState.DONE)
    assert services.claim(job.pk) is None
    assert services.claim(0) is None


def test_progress_is_written_by_the_present_attempt_alone(enqueue: Enqueue) -> None:
    first = running(enqueue())
    services.write_progress(first, done=1, total=4, message="Reading" + "." * 300)
    row = Job.objects.get()
    assert (row.progress_done, row.progress_total, len(row.progress_message)) == (1, 4, 200)
    Job.objects.update(state=JobState.QUEUED)
    second = running(first)
    with pytest.raises(Cancelled):
        services.write_progress(first, done=2, total=4, message="Late")
    assert not services.heartbeat(first)
    assert not services.end(job=first, state=JobState.DONE)
    assert services.heartbeat(second)
    assert services.end(job=second, state=JobState.DONE)
    assert Job.objects.get().progress_done == 0


def test_end_is_recorded_once_with_its_cause(enqueue: Enqueue, developer: Actor) -> None:
    job = running(enqueue())
    error = problem_of(ValueError("x"))
    assert services.end(job=job, state=JobState.ERRORED, error=error)
    assert not services.end(job=job, state=JobState.DONE)
    row = Job.objects.get()
    assert (row.state, row.error) == ("errored", error)
    assert ended(row) == row.public_state()
    assert ended(row)["requested_by"] == developer.id


def test_reaction_that_refuses_takes_the_end_back(enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Event] = []

    def refuse(event: Event) -> None:
        heard.append(event)
        raise Forbidden("No.")

    monkeypatch.setitem(REACTIONS, JOB_ENDED.name, [refuse])
    job = running(enqueue())
    with pytest.raises(Forbidden):
        services.end(job=job, state=JobState.DONE)
    assert heard[0].data["state"] == "done"
    assert heard[0].topics == (f"job_kind:{KIND}", "thing:7")
    assert Job.objects.get().state == "running"
    assert replayed("job") == {}


def test_queued_job_is_cancelled_at_once(enqueue: Enqueue, developer: Actor) -> None:
    job = services.request_cancel(actor=developer, job=enqueue())
    assert job.state == "cancelled"
    assert services.claim(job.pk) is None
    assert ended(job)["state"] == "cancelled"
    with pytest.raises(JobHasEnded):
        services.request_cancel(actor=developer, job=job)


def test_running_job_is_cancelled_at_its_next_step(enqueue: Enqueue, developer: Actor) -> None:
    job = running(enqueue())
    services.request_cancel(actor=developer, job=job)
    services.request_cancel(actor=developer, job=job)
    assert not services.heartbeat(job)
    with pytest.raises(Cancelled):
        services.write_progress(job, done=1, total=2, message="")
    assert services.end(job=job, state=JobState.CANCELLED)


def test_only_who_asked_or_may_cancel_jobs_of_the_team_cancels(enqueue: Enqueue, developer: Actor) -> None:
    job = enqueue()
    for actor in (actor_with(Role.VIEWER), actor_with(Role.DEVELOPER, team=TeamFactory.create())):
        with pytest.raises(Forbidden):
            services.request_cancel(actor=actor, job=job)
    services.request_cancel(actor=actor_with(Role.OPERATOR), job=job)


def lose_and_take_up(job: Job) -> bool:
    return services.take_up(Job.objects.get(pk=job.pk))


def test_lost_job_is_taken_up_again_and_errored_after_three_attempts(enqueue: Enqueue) -> None:
    job = enqueue()
    Job.objects.update(created_at=now() - timedelta(minutes=1))
    for attempt in (1, 2):
        assert running(job).attempt == attempt
        assert lose_and_take_up(job)
        assert services.relay() == 1
        assert published() == [job.pk]
    running(job)
    assert lose_and_take_up(job)
    row = Job.objects.get()
    assert (row.state, (row.error or {}).get("code")) == ("errored", "worker_lost")
    assert ended(row) == row.public_state()


def test_lost_job_that_was_to_stop_is_not_taken_up_again(enqueue: Enqueue, developer: Actor) -> None:
    job = running(enqueue())
    services.request_cancel(actor=developer, job=job)
    lose_and_take_up(job)
    assert Job.objects.get().state == "cancelled"


def test_job_whose_heart_beats_after_all_is_left_alone(enqueue: Enqueue) -> None:
    job = running(enqueue())
    services.heartbeat(job)
    assert not services.take_up(job)
    assert Job.objects.get().state == "running"


def test_jobs_of_other_teams_are_not_seen(enqueue: Enqueue, developer: Actor) -> None:
    job = enqueue()
    assert list(Job.objects.visible_to(developer)) == [job]
    assert not Job.objects.visible_to(actor_with(Role.DEVELOPER, team=TeamFactory.create())).exists()


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_at_the_same_instant_claim_once(enqueue: Enqueue) -> None:
    job = enqueue()
    together = threading.Barrier(4)

    def deliver(_: int) -> Job | None:
        together.wait()
        try:
            return services.claim(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        claims = [claimed for claimed in pool.map(deliver, range(4)) if claimed]
    assert [claimed.attempt for claimed in claims] == [1]


class JobLife(RuleBasedStateMachine):
    """Any order of deliveries, deaths, reaping, cancelling and ending leaves at most one living attempt, one end."""

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()
        self.actor = actor_with(Role.DEVELOPER)
        self.ends = 0
        self.attempts: list[Job] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(KINDS, KIND, "intake")
            self.job = services.enqueue(actor=self.actor, kind=KIND, subject=Subject("thing", "7", "T"), arguments={})

    def row(self) -> Job:
        return Job.objects.get(pk=self.job.pk)

    @rule()
    def deliver(self) -> None:
        could = self.row().state == JobState.QUEUED
        claimed = services.claim(self.job.pk)
        assert (claimed is not None) == could
        self.attempts += [claimed] if claimed else []

    @rule()
    def lose_and_reap(self) -> None:
        lose_and_take_up(self.job)

    @rule()
    def cancel(self) -> None:
        with suppress(JobHasEnded):
            services.request_cancel(actor=self.actor, job=self.job)

    @rule(state=st.sampled_from([JobState.DONE, JobState.FAILED, JobState.ERRORED, JobState.CANCELLED]))
    def every_attempt_ends(self, state: JobState) -> None:
        ended = [services.end(job=attempt, state=state) for attempt in self.attempts]
        assert sum(ended) <= 1
        assert not any(ended[:-1]), "only the last attempt may end the job"

    @invariant()
    def one_end_is_recorded_for_an_ended_job(self) -> None:
        row = self.row()
        payloads = [bytes(entry.payload) for entry in PendingEntry.objects.all()]
        ends = sum(f'"id":"{row.pk}"'.encode() in one and b'"jobs.job.ended"' in one for one in payloads)
        assert ends == (0 if row.is_open else 1)
        assert row.attempt <= services.MOST_ATTEMPTS
        if not row.is_open:
            assert replayed("job")[str(row.pk)] == row.public_state()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)


def test_job_ends_once_whatever_happens(db: None) -> None:
    run_state_machine_as_test(JobLife, settings=settings(max_examples=25, stateful_step_count=15, deadline=None))
