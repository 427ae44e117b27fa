"""What jobs refuse, as facts, and the problem documents that a job's row carries."""

from http import HTTPStatus
from typing import Any

from portal.core.errors import Conflict, DomainError


class JobHasEnded(Conflict):
    """There is nothing left to stop."""

    code = "job_has_ended"


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem document (RFC 9457) of a refusal; of a defect only its name, its words may hold anything."""
    if isinstance(error, DomainError):
        body = _problem(error.status, error.code, error.message)
        if error.fields:
            body["errors"] = [{"field": name, "messages": texts} for name, texts in error.fields.items()]
        return body
    return _problem(500, "defect", f"The work stopped with a defect ({type(error).__name__}); the log tells more.")


def lost(attempts: int) -> dict[str, Any]:
    """Return the problem of a job whose worker went away every time."""
    return _problem(500, "worker_lost", f"The worker was lost {attempts} times.")


def _problem(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": f"urn:countersign:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
