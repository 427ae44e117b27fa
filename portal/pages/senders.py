"""Who sends a body takes a thread until it has arrived, and nothing in Python ends that wait: so they share some."""

import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from portal.core.outages import Unavailable
from portal.pages.errors import unavailable

READING, WAITING, PATIENCE = 4, 6, 10
"""Of the 16 threads of a process (`--blocking-threads`): how many read bodies, how many wait for one of these, for how
many seconds. Six are left for pages and probes, whoever sends what."""
NOT_READ = {411, 413, 503}
"""Answers given before the body was read: what is left of it would be taken for the next request."""


class FewSenders:
    """Serve a few requests with bodies at a time, and close the connection where a body was left unread."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.reading = threading.BoundedSemaphore(READING)
        self.waiting = threading.BoundedSemaphore(WAITING)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        if request.META.get("CONTENT_LENGTH", "") in {"", "0"}:  # without a length no body is read
            return self.get_response(request)
        if not self._admitted():
            words = "Too many forms and files are being sent at once. Try again in some seconds."
            response = unavailable(request, Unavailable(words, retry_after=PATIENCE))
        else:
            try:
                response = self.get_response(request)
            finally:
                self.reading.release()
        if response.status_code in NOT_READ:
            response["Connection"] = "close"
        return response

    def _admitted(self) -> bool:
        if self.reading.acquire(blocking=False):
            return True
        if not self.waiting.acquire(blocking=False):
            return False
        try:
            return self.reading.acquire(timeout=PATIENCE)
        finally:
            self.waiting.release()
