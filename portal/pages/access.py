"""The first to see a request and the last to see its answer: its id, its line in the log, its count."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.core.traces import Trace, request_id_from, traced
from portal.pages.metering import count_request

HEADER = "X-Request-ID"
logger = logging.getLogger("portal.access")


class Access:
    """Give the request an id, return it as a header, and write one line when the answer begins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        begin = time.perf_counter()
        with traced(Trace(request_id=request_id_from(request.headers.get(HEADER)))) as trace:
            response = self.get_response(request)
            response[HEADER] = trace.request_id
            seconds = time.perf_counter() - begin
            route = route_of(request)
            method = method_of(request)
            count_request(route=route, method=method, status=response.status_code, seconds=seconds)
            facts = {
                "route": route,
                "method": method,
                "status": response.status_code,
                "duration_ms": round(seconds * 1000, 1),
            }
            if trace.events:
                facts["events"] = trace.events
            logger.info("%s %s %s", method, route, response.status_code, extra={"facts": facts})
        return response


def route_of(request: HttpRequest) -> str:
    """Return the name of the address, never the address itself: it holds ids and queries."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name or "unnamed"
    return "static" if request.path.startswith(settings.STATIC_URL) else "unknown"


def method_of(request: HttpRequest) -> str:
    """Return the method; one that nobody knows is told as OTHER."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return request.method if request.method in known else "OTHER"
