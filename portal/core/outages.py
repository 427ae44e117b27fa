"""What keeps the portal from its work for a while and is no defect: a database that is away, a disk that is full."""

import errno
from typing import ClassVar

from django.db import InterfaceError, OperationalError
from psycopg.errors import DeadlockDetected, DiskFull
from psycopg_pool import PoolTimeout

from portal.core.errors import DomainError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Unavailable(DomainError):
    """Nothing is wrong with the request; the same one may be sent again after `retry_after` seconds."""

    status: ClassVar[int] = 503
    code = "unavailable"

    def __init__(self, message: str, *, code: str = "unavailable", retry_after: int) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


def outage_of(error: BaseException | None) -> Unavailable | None:
    """Return the outage that an exception stands for; None for anything else."""
    if isinstance(error, Unavailable):
        return error
    full = isinstance(error, OSError) and error.errno in _NO_ROOM
    if full or isinstance(error and error.__cause__, DiskFull):
        message = "The portal's disk is full, so this was not kept. It needs somebody to make room; then send it again."
        return Unavailable(message, code="storage_full", retry_after=60)
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    if isinstance(error.__cause__, DeadlockDetected):
        return Unavailable(
            "Two changes of the same thing met, and this one was not made. Send it again.", retry_after=1
        )
    if isinstance(error.__cause__, PoolTimeout):
        message = "The database does not answer, or all connections to it are busy. Try again in some seconds."
        return Unavailable(message, retry_after=5)
    return Unavailable("The database does not answer. Try again in some seconds.", retry_after=5)
