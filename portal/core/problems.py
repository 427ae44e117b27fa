"""Problem documents (RFC 9457): what answers of the API, and rows of jobs, say of what went wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings

from portal.core.problem_types import PROBLEM_TYPES

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
    if fields:
        body["errors"] = [{"field": name, "messages": list(messages)} for name, messages in fields.items()]
    return body
