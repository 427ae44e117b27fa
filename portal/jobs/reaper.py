"""Takes up jobs that lost their worker."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from portal.jobs.choices import JobState
from portal.jobs.models import Job
from portal.jobs.services import BATCH, take_up

LOST_AFTER = timedelta(seconds=15)
"""A running job whose heart does not move for this long, while it is watched, has lost its worker."""
logger = logging.getLogger(__name__)


class Reaper:
    """Watches hearts. How long one stands still is measured here, so that no step of a machine's clock matters."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watched_at = clock()
        self._hearts: dict[int, tuple[tuple[int, datetime | None], float]] = {}

    def watch(self) -> int:
        """Look at every running job once, and take up those that are lost; return how many.

        After a pause (the database was away, for the workers, too) watching begins anew.
        """
        running = list(Job.objects.filter(state=JobState.RUNNING).order_by("pk"))
        at = self._clock()
        paused = at - self._watched_at > LOST_AFTER.total_seconds() / 2
        former, self._hearts, self._watched_at = {} if paused else self._hearts, {}, at
        lost = []
        for job in running:
            sign = (job.attempt, job.heartbeat_at)
            seen, since = former.get(job.pk, (None, at))
            self._hearts[job.pk] = (sign, since if seen == sign else at)
            if seen == sign and at - since >= LOST_AFTER.total_seconds():
                lost.append(job)
        return sum(_taken_up(job) for job in lost[:BATCH])


def _taken_up(job: Job) -> bool:
    try:
        return take_up(job)
    except Exception:  # a reaction that refuses one job must not keep the others lost
        logger.exception("job %s could not be taken up", job.pk)
        return False
