"""What a running job holds: how it reports, how it learns to stop, and its heartbeat."""

import logging
import threading
from contextlib import AbstractContextManager
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self

from django.db import Error, connection

from portal.core.progress import Cancelled
from portal.jobs import services
from portal.jobs.models import Job

logger = logging.getLogger(__name__)


class JobProgress:
    """Reports progress to the job's row and beats its heart from a thread while the `with` block runs.

    `cancelled` asks no database: the heartbeat reads the flag. It is what a cage watches to kill its child.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._every = services.HEARTBEAT_EVERY
        self._told: dict[str, Any] = {}
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._heart = threading.Thread(
            target=copy_context().run, args=(self._beat,), name=f"heart of job {job.pk}", daemon=True
        )

    def __call__(self, done: int, total: int, message: str) -> None:
        """Write one step; raises Cancelled when asked to stop."""
        services.write_progress(self._job, done=done, total=total, message=message)

    def tell(self, done: int, total: int, message: str) -> None:
        """Tell one step of a long transaction: the heart writes it, so that others see it before the commit.

        Raises Cancelled when asked to stop; both are at most one heartbeat late.
        """
        self._told = {"done": done, "total": total, "message": message}
        if self.cancelled():
            raise Cancelled

    def first_step(self) -> AbstractContextManager[object]:
        """Open the transaction in which the work begins; raises Cancelled when another attempt took over."""
        return services.holding(self._job)

    def last_step(self) -> AbstractContextManager[object]:
        """Open the transaction in which the work is finished and its job done, both or neither.

        Raises Cancelled when another attempt took over, whose result counts then.
        """
        return services.finishing(self._job)

    def cancelled(self) -> bool:
        """Whether the work should stop; at most one heartbeat old."""
        return self._stop.is_set()

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._heart.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(self._every):
                self._beat_once()
        finally:
            connection.close()  # this thread's own

    def _beat_once(self) -> None:
        try:
            if not services.heartbeat(self._job, **self._told):
                self._stop.set()
        except Error:  # the database is away for a moment: the next beat tries again, the reaper judges
            logger.exception("job %s could not give a sign of life", self._job.pk)
            connection.close()
