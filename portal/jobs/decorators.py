"""The only two makers of Celery tasks: @job (claimed row, heartbeat, outcome) and @tick (short, periodic)."""

import logging
from collections.abc import Callable

from celery import shared_task  # noqa: TID251  (this is the place)

from portal.core.errors import DomainError
from portal.core.progress import Cancelled
from portal.core.traces import Trace, current, traced, user_id_of
from portal.jobs import services
from portal.jobs.choices import JobState
from portal.jobs.errors import problem_of
from portal.jobs.kinds import KINDS
from portal.jobs.models import Job
from portal.jobs.progress import JobProgress

logger = logging.getLogger(__name__)

Work = Callable[..., None]
TICKS: dict[str, float] = {}
"""Seconds between two runs, by the tick's name; beat's schedule is made of it."""


def job(kind: str) -> Callable[[Work], Callable[[int], None]]:
    """Make the one task of a kind; it gets the job's arguments by name, and `progress`.

    A refusal (DomainError) ends the job as failed, a stop as cancelled, anything else as errored, and is raised
    again. Raises ValueError for a kind that nobody declared.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is not a declared kind of job")

    def make(work: Work) -> Callable[[int], None]:
        def run(job_id: int) -> None:
            row = services.claim(job_id)
            if row is not None:
                with traced(Trace(request_id=row.request_id, job_id=row.pk, user_id=user_id_of(row.actor_id))):
                    _attempt(row, work)

        run.__doc__ = work.__doc__
        task = shared_task(name=kind, acks_late=True, reject_on_worker_lost=True, ignore_result=True)
        made: Callable[[int], None] = task(run)
        return made

    return make


def tick(name: str, every_seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a short periodic task; a late one is dropped rather than run twice. Raises ValueError for a second one."""
    if name in TICKS:
        raise ValueError(f"tick {name} is declared twice")
    TICKS[name] = every_seconds

    def make(work: Callable[[], None]) -> Callable[[], None]:
        made: Callable[[], None] = shared_task(name=name, ignore_result=True, expires=every_seconds)(work)
        return made

    return make


def _attempt(row: Job, work: Work) -> None:
    logger.info("%s begins", row.kind, extra={"facts": {"attempt": row.attempt}})
    try:
        with JobProgress(row) as progress:
            work(**row.arguments, progress=progress)
    except Cancelled:
        _end(row, JobState.CANCELLED)
    except DomainError as refusal:
        _end(row, JobState.FAILED, refusal)
    except Exception as defect:  # the one broad catch: the row must say so
        logger.exception("%s stops with a defect", row.kind)
        _end(row, JobState.ERRORED, defect)
        raise
    else:
        _end(row, JobState.DONE)


def _end(row: Job, state: JobState, error: Exception | None = None) -> None:
    ended = services.end(job=row, state=state, error=problem_of(error) if error else None)
    trace = current()
    facts = {"attempt": row.attempt, "state": str(state), "events": trace.events if trace else []}
    logger.info("%s ends as %s%s", row.kind, state, "" if ended else ": too late", extra={"facts": facts})
