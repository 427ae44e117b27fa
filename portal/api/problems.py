"""Every error as problem+json (RFC 9457)."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from portal.core.errors import DomainError, TooLarge
from portal.core.outages import outage_of
from portal.core.problems import MEDIA_TYPE, problem

logger = logging.getLogger(__name__)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the response for an exception of a view; None for what is a defect (500)."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge(f"A JSON body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes at most.")
    if outage := outage_of(error):
        logger.error("%s: %s", outage.code, error)
        error = outage
    if isinstance(error, DomainError):
        set_rollback()
        body = problem(status=error.status, code=error.code, detail=error.message, fields=error.fields)
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
        return Response(body, status=error.status, headers=headers, content_type=MEDIA_TYPE)
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = _document(error, response.status_code)
    response.content_type = MEDIA_TYPE
    return response


def _document(error: Exception, status: int) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = _flatten(error.detail)
        return problem(status=status, code="invalid", detail="The request breaks a rule; see errors.", fields=fields)
    if isinstance(error, Http404 | exceptions.NotFound):
        return problem(status=status, code="not_found", detail="There is nothing here that you may see.")
    if isinstance(error, exceptions.NotAuthenticated):
        how = f"Send the header Authorization: Bearer cs_… with a token; make one at {settings.PUBLIC_URL}/tokens."
        return problem(status=status, code="not_authenticated", detail=f"Nobody is signed in. {how}")
    if isinstance(error, PermissionDenied):
        return problem(status=status, code="forbidden", detail="You may not do this.")
    if isinstance(error, exceptions.APIException):
        code = error.get_codes()
        return problem(status=status, code=code if isinstance(code, str) else "invalid", detail=str(error.detail))
    return problem(status=status, code="error", detail=str(error))


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return dotted field names with their messages from DRF's nested errors."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for name, inner in detail.items():
            found |= _flatten(inner, f"{prefix}.{_sayable(name)}" if prefix else _sayable(name))
        return found
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        found = {}
        for index, inner in enumerate(detail):
            if inner:
                found |= _flatten(inner, f"{prefix}.{index}" if prefix else str(index))
        return found
    texts = detail if isinstance(detail, list) else [detail]
    return {prefix or "body": [_sayable(text) for text in texts]}


def _sayable(text: object) -> str:
    """Return a text that repeats what was sent, with a question mark for half of a surrogate pair: it has no bytes."""
    return str(text).encode(errors="replace").decode()
