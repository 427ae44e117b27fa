"""Readable pages for what goes wrong; below /api/ the same as problem documents."""

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from portal.accounts.selectors import people_with
from portal.core.errors import DomainError, TooLarge
from portal.core.outages import Unavailable, outage_of
from portal.core.problem_types import PROBLEM_TYPES
from portal.core.problems import MEDIA_TYPE, problem
from portal.core.traces import current
from portal.pages.files import FileTooLarge

ADMINISTRATORS_NAMED = 3
logger = logging.getLogger(__name__)

REMEDIES = {
    403: "Where a role is missing, an administrator can grant it to you.",
    404: "Check the address; ask for a role in the team that owns the thing.",
    422: "Go back with your browser, change what is named, and send it once more.",
    429: "Wait a while, then try again.",
}
"""What to do on a page, by status; elsewhere the state of the thing was in the way."""


class OnlyForForms(DomainError):
    """An address that a form sends to was opened as a page."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self) -> None:
        super().__init__("This address only takes what a form sends. Open the page that the form stands on.")


def _problem_document(*, status: int, code: str, detail: str) -> JsonResponse:
    """Return what below /api/ stands for a page: unknown addresses and defects outside the API's own views."""
    return JsonResponse(problem(status=status, code=code, detail=detail), status=status, content_type=MEDIA_TYPE)


def _answer(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return _problem_document(status=status, code=code, detail=detail)
    trace = current()
    told = {"detail": detail, "request_id": trace.request_id if trace else ""}
    return render(request, f"errors/{status}.html", told, status=status)


def _remedy(refusal: DomainError) -> str:
    """Return what to do about a refusal: as its type says where that is not in words of the API, else by status."""
    if refusal.code == "missing_capability":
        names = ", ".join(user.name for user in people_with("manage_users", None)[:ADMINISTRATORS_NAMED])
        return f"{REMEDIES[refusal.status]} Ask {names or 'one'}."
    known = PROBLEM_TYPES.get(refusal.code)
    if known and "`" not in known.remedy:
        return known.remedy
    return REMEDIES.get(refusal.status, "Go back with your browser, load the page again, and look at what it says now.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 where the request is longer than what is read of it."""
    if isinstance(exception, RequestDataTooBig):
        detail = str(exception) if isinstance(exception, FileTooLarge) else "The request is larger than a form may be."
        return _answer(request, TooLarge.status, TooLarge.code, detail)
    return _answer(request, 400, "bad_request", "The request could not be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    detail = exception.message if isinstance(exception, DomainError) else "You may not do this."
    return _answer(request, 403, "forbidden", detail)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer 404, whether the thing does not exist or is another team's."""
    return _answer(request, 404, "not_found", "There is nothing here that you may see.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where a middleware met an outage."""
    if outage := outage_of(sys.exc_info()[1]):
        return unavailable(request, outage)
    return _answer(request, 500, "error", "Something broke on our side. Nothing was changed.")


def unavailable(request: HttpRequest, outage: Unavailable) -> HttpResponse:
    """Answer 503; the page asks no database."""
    if request.path.startswith("/api/"):
        answer: HttpResponse = _problem_document(status=outage.status, code=outage.code, detail=outage.message)
    else:
        answer = HttpResponse(render_to_string("errors/503.html", {"problem": outage}), status=outage.status)
    answer["Retry-After"] = str(outage.retry_after)
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer a form without a valid CSRF token."""
    if request.path.startswith("/api/"):
        return _problem_document(status=403, code="csrf", detail="The CSRF token is missing or wrong.")
    return render(request, "errors/403_csrf.html", status=403)


class DomainErrorPages:
    """Turn a refusal that no form caught into a page (or a problem document) in words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; who opens an address that only forms send to gets a page, not an empty answer."""
        answer = self.get_response(request)
        if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED or request.path.startswith("/api/"):
            return answer
        shown = render(request, "errors/problem.html", {"problem": OnlyForForms()}, status=answer.status_code)
        shown["Allow"] = answer["Allow"]
        return shown

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a DomainError or an outage; anything else is a defect and goes on."""
        if outage := outage_of(exception):
            logger.error("%s: %s", outage.code, exception)
            return unavailable(request, outage)
        if not isinstance(exception, DomainError):
            return None
        if request.path.startswith("/api/"):
            return _problem_document(status=exception.status, code=exception.code, detail=exception.message)
        told = {"problem": exception, "remedy": _remedy(exception)}
        return render(request, "errors/problem.html", told, status=exception.status)
