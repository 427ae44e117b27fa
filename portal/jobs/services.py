"""A job's life: asked for, published, claimed, alive, ended, or taken up again."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from portal.core.actors import SYSTEM, Actor
from portal.core.clock import now
from portal.core.progress import Cancelled
from portal.core.traces import current
from portal.jobs.broker import app
from portal.jobs.choices import OPEN, JobState
from portal.jobs.errors import JobHasEnded, lost
from portal.jobs.events import JOB_CANCEL_REQUESTED, JOB_ENDED
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job, Pulse
from portal.ledger.catalogue import EventType, Subject
from portal.ledger.services import append

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
CONFIRMED_WITHIN = 5.0
"""Seconds in which the broker says that it keeps a message; one that is out of memory or disk never says so."""
HEARTBEAT_EVERY = 2.0
"""Seconds between two signs of life."""
PUBLISHING_TAKES = timedelta(seconds=5)
"""The relay leaves a new job alone for this long: its own process is about to publish it."""
PUBLISH_AGAIN_AFTER = timedelta(seconds=15)
"""A published job that nobody started in this time is published again; a second delivery claims nothing."""
PUBLISH_AGAIN_BY = timedelta(minutes=5)
"""Each time it waits twice as long as before, but not longer than this: a long queue gets few doubles."""
BATCH = 100


def enqueue(*, actor: Actor, kind: str, subject: Subject, arguments: Mapping[str, Any]) -> Job:
    """Write a job in the caller's transaction; it is published on commit. `arguments` are ids, as JSON.

    Raises RuntimeError outside a transaction and ValueError for a kind that nobody declared.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was enqueued outside a transaction")
    if kind not in KINDS:
        raise ValueError(f"{kind} is not a declared kind of job")
    job = Job.objects.create(
        kind=kind,
        subject_type=subject.type,
        subject_id=subject.id,
        subject_label=subject.label[:200],
        team_id=subject.team_id,
        actor_id=actor.id,
        request_id=trace.request_id if (trace := current()) else "",
        arguments=dict(arguments),
        created_at=now(),
    )
    # Robust: a broker that is away must not fail what is already committed.
    transaction.on_commit(lambda: publish(job_id=job.pk, kind=kind), robust=True)
    return job


def publish(*, job_id: int, kind: str) -> None:
    """Send the job's id to its queue and note when."""
    app.send_task(kind, args=[job_id], queue=KINDS[kind], confirm_timeout=CONFIRMED_WITHIN)
    logger.info("%s is published", kind, extra={"facts": {"job_id": job_id}})
    Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(published_at=now())


def relay() -> int:
    """Publish queued jobs that a crash left unpublished or a broker lost; return how many.

    A broker that is away (waited for as long as broker.py says) ends the round, and is met again in the next.
    """
    at, queued = now(), Job.objects.filter(state=JobState.QUEUED).order_by("pk")
    # Queues are first in, first out: a job whose message is lost comes to be among those that wait longest.
    rows = [*queued.filter(published_at=None)[:BATCH], *queued.exclude(published_at=None)[:BATCH]]
    count = 0
    for job in rows:
        try:
            count += waits_too_long(job, at) and _publish_again(job)
        except OperationalError as error:
            logger.warning("the broker does not answer, jobs wait: %s", error)
            break
    return count


@transaction.atomic
def _publish_again(job: Job) -> bool:
    rows = Job.objects.select_for_update(skip_locked=True).filter(pk=job.pk, state=JobState.QUEUED)
    if not rows.filter(published_at=job.published_at).exists():
        return False
    publish(job_id=job.pk, kind=job.kind)
    return True


def waits_too_long(job: Job, at: datetime) -> bool:
    """Say whether a queued job should be published (again) at this instant.

    A date in the future was written before the clock was set back: nobody can say how long that job has waited.
    """
    if job.published_at is None:
        # One that was taken up again has no date of publication and is old enough.
        return not timedelta(0) <= at - job.created_at < PUBLISHING_TAKES
    waited_before = job.published_at - (job.started_at or job.created_at)
    patience = min(max(waited_before, PUBLISH_AGAIN_AFTER), PUBLISH_AGAIN_BY)
    return not timedelta(0) <= at - job.published_at <= patience


@transaction.atomic
def claim(job_id: int) -> Job | None:
    """Take a queued job and return it with its attempt raised; None where there is nothing to take."""
    at = now()
    taken = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        started_at=at,
        heartbeat_at=at,
        progress_done=0,
        progress_total=0,
        progress_message="",
    )
    return Job.objects.get(pk=job_id) if taken else None


def heartbeat(job: Job, *, done: int = 0, total: int = 0, message: str = "") -> bool:
    """Give a sign of life; return whether to go on: False when asked to stop, or when another attempt took over.

    With a total it says where the work is, too.
    """
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING)
    where = {"progress_done": done, "progress_total": total, "progress_message": message[:200]} if total else {}
    return mine.update(heartbeat_at=now(), **where) == 1 and not mine.filter(cancel_requested=True).exists()


def write_progress(job: Job, *, done: int, total: int, message: str) -> None:
    """Write where the work is; raises Cancelled when asked to stop, or when another attempt took over."""
    mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING, cancel_requested=False)
    if not mine.update(progress_done=done, progress_total=total, progress_message=message[:200], heartbeat_at=now()):
        raise Cancelled


@contextmanager
def holding(job: Job) -> Iterator[Job]:
    """Open a transaction in which this attempt, and no other, writes what it works for: the job's row is locked.

    Raises Cancelled where another attempt took over, or the job has ended.
    """
    with transaction.atomic():
        row = _present(job)
        if row is None:
            raise Cancelled
        yield row


@contextmanager
def finishing(job: Job) -> Iterator[None]:
    """Do the same, and end the job as done in it: killed at any instant, both are there or neither is."""
    with holding(job) as row:
        yield
        _close(row, actor=_for(row), state=JobState.DONE, error=None)


@transaction.atomic
def end(*, job: Job, state: JobState, error: Mapping[str, Any] | None = None) -> bool:
    """End a running attempt and run the reactions; return False where another attempt took over or it had ended."""
    row = _present(job)
    if row is None:
        return False
    _close(row, actor=_for(row), state=state, error=error)
    return True


@transaction.atomic
def request_cancel(*, actor: Actor, job: Job) -> Job:
    """Ask a job to stop: a queued one ends at once, a running one at its next step.

    Who asked for the job may stop it, too. Raises Forbidden and JobHasEnded.
    """
    if actor.id != job.actor_id:
        actor.require("cancel_job", job.team_id)
    row = Job.objects.select_for_update().get(pk=job.pk)
    if row.state not in OPEN:
        raise JobHasEnded("This job has ended.")
    if row.cancel_requested:
        return row
    row.cancel_requested = True
    row.save(update_fields=["cancel_requested"])
    _record(row, actor=actor, event=JOB_CANCEL_REQUESTED)
    if row.state == JobState.QUEUED:
        _close(row, actor=actor, state=JobState.CANCELLED, error=None)
    return row


@transaction.atomic
def take_up(job: Job) -> bool:
    """Queue a job that lost its worker again, or end it after the last attempt; False where its heart beats after all.

    Raises what reactions on its end raise.
    """
    row = _present(job, skip_locked=True)
    if row is None or row.heartbeat_at != job.heartbeat_at:
        return False
    if row.cancel_requested:
        return end(job=row, state=JobState.CANCELLED)
    if row.attempt >= MOST_ATTEMPTS:
        return end(job=row, state=JobState.ERRORED, error=lost(row.attempt))
    _queue_again(row)
    return True


def pulse(name: str) -> None:
    """Write a program's sign of life."""
    Pulse.objects.bulk_create(
        [Pulse(name=name, at=now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


@transaction.atomic
def give_back(job: Job) -> bool:
    """Queue the job of an attempt that could do nothing for it; False after the last one, or where it is to stop."""
    row = _present(job)
    if row is None or row.cancel_requested or row.attempt >= MOST_ATTEMPTS:
        return False
    _queue_again(row)
    return True


def _queue_again(row: Job) -> None:
    row.state, row.published_at, row.heartbeat_at = JobState.QUEUED, None, None
    row.save(update_fields=["state", "published_at", "heartbeat_at"])


def _present(job: Job, *, skip_locked: bool = False) -> Job | None:
    """Lock and return the row while this attempt is the one that runs."""
    rows = Job.objects.select_for_update(skip_locked=skip_locked)
    return rows.filter(pk=job.pk, attempt=job.attempt, state=JobState.RUNNING).first()


def _for(row: Job) -> Actor:
    return replace(SYSTEM, on_behalf_of=row.actor_id)


def _close(row: Job, *, actor: Actor, state: JobState, error: Mapping[str, Any] | None) -> None:
    row.state, row.error, row.ended_at = state, dict(error) if error else None, now()
    row.save(update_fields=["state", "error", "ended_at"])
    _record(row, actor=actor, event=JOB_ENDED)


def _record(row: Job, *, actor: Actor, event: EventType) -> None:
    append(
        actor=actor,
        event=event,
        subject=Subject("job", str(row.pk), f"{row.kind} of {row.subject_label}", row.team_id),
        data=row.public_state(),
        topics=(f"job_kind:{row.kind}", f"{row.subject_type}:{row.subject_id}"),
    )
