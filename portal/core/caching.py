"""What caches on the way and in the browser may keep: nothing, unless the answer says otherwise."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class NothingKept:
    """Say `no-store` of every answer that says nothing itself; static files say for how long they hold."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
