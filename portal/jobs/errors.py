"""What jobs refuse, as facts, and the problem documents that a job's row carries."""

from typing import Any

from portal.core.errors import Conflict, DomainError
from portal.core.outages import outage_of
from portal.core.problems import problem


class JobHasEnded(Conflict):
    """There is nothing left to stop."""

    code = "job_has_ended"


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem document (RFC 9457) of a refusal; of a defect only its name, its words may hold anything."""
    error = outage_of(error) or error
    if isinstance(error, DomainError):
        return problem(status=error.status, code=error.code, detail=error.message, fields=error.fields)
    detail = f"The work stopped with a defect ({type(error).__name__}); the log tells more."
    return problem(status=500, code="defect", detail=detail)


def lost(attempts: int) -> dict[str, Any]:
    """Return the problem of a job whose worker went away every time."""
    return problem(status=500, code="worker_lost", detail=f"The worker was lost {attempts} times.")
