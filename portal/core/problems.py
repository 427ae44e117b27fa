"""Problem documents (RFC 9457): what answers of the API, and rows of jobs, say of what went wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings

from portal.core.problem_types import PROBLEM_TYPES
from portal.core.traces import current

MEDIA_TYPE = "application/problem+json"


def problem(
    *, status: int, code: str, detail: str, fields: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """Return a problem document; `type` is a page that says what to do, `errors` lists what is wrong by field."""
    known = PROBLEM_TYPES.get(code)
    body: dict[str, Any] = {
        "type": f"{settings.PUBLIC_URL}/problems/{code}",
        "title": known.title if known else HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    trace = current()
    if trace and trace.request_id and trace.job_id is None:  # a job's row tells of no request
        body["instance"] = f"urn:countersign:request:{trace.request_id}"
    if fields:
        body["errors"] = [{"field": name, "messages": list(messages)} for name, messages in fields.items()]
    return body
