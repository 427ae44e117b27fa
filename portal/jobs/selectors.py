"""Reads of jobs that tell whether the work is kept up with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min

from portal.core.clock import now
from portal.jobs.choices import JobState
from portal.jobs.kinds import KINDS, QUEUES
from portal.jobs.models import Job, Pulse

UNATTENDED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class Waiting:
    """A queue's jobs that nobody has begun."""

    queue: str
    count: int
    since: datetime | None


def counts() -> list[tuple[str, str, int]]:
    """Return kind, state and number of all jobs."""
    rows = Job.objects.order_by().values_list("kind", "state").annotate(n=Count("pk"))
    return sorted(rows)


def waiting() -> list[Waiting]:
    """Return what waits, for every queue."""
    rows = Job.objects.filter(state=JobState.QUEUED).order_by().values_list("kind")
    found = list(rows.annotate(n=Count("pk"), since=Min("created_at")))
    by_queue = {queue: [(n, since) for kind, n, since in found if KINDS.get(kind) == queue] for queue in QUEUES}
    return [
        Waiting(queue, sum(n for n, _ in rows), min((since for _, since in rows), default=None))
        for queue, rows in by_queue.items()
    ]


def unattended() -> list[Waiting]:
    """Return the queues in which jobs have waited for minutes while none of them is worked on: no worker takes them."""
    running = set(Job.objects.filter(state=JobState.RUNNING).order_by().values_list("kind", flat=True).distinct())
    busy = {KINDS.get(kind) for kind in running}
    at = now() - UNATTENDED_AFTER
    return [one for one in waiting() if one.since and one.since < at and one.queue not in busy]


def pulse_of(name: str) -> datetime | None:
    """Return a program's last sign of life; None when it never gave one."""
    return Pulse.objects.filter(name=name).values_list("at", flat=True).first()
