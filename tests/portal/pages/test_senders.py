"""Requests with bodies share a few threads; the rest of the threads is left to everybody else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from portal.pages import senders
from portal.pages.senders import READING, FewSenders
from tests.portal.api.callers import fresh_client

FACTORY = RequestFactory()


@contextmanager
def busy(portal: FewSenders, release: threading.Event) -> Iterator[None]:
    """Let as many bodies as may be read be in the course of arriving."""
    threads = [threading.Thread(target=portal, args=(FACTORY.post("/slow", {"a": "b"}),)) for _ in range(READING)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        release.set()
        for thread in threads:
            thread.join()


def test_one_body_more_is_refused_and_what_has_no_body_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "PATIENCE", 0.2)
    release, begun = threading.Event(), threading.Semaphore(0)

    def slow(request: HttpRequest) -> HttpResponse:
        if request.path == "/slow":
            begun.release()
            release.wait(20)
        return HttpResponse("served")

    portal = FewSenders(slow)
    with busy(portal, release):
        for _ in range(READING):
            assert begun.acquire(timeout=20)
        assert portal(FACTORY.get("/quick")).content == b"served"
        refused = portal(FACTORY.post("/api/v1/models", b"{}", content_type="application/json"))
        assert (refused.status_code, refused["Connection"]) == (503, "close")
        assert refused["Retry-After"]
    assert portal(FACTORY.post("/quick", {"a": "b"})).content == b"served"


def test_a_defect_gives_its_place_back() -> None:
    def broken(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    portal = FewSenders(broken)
    for _ in range(2 * READING):
        with pytest.raises(ZeroDivisionError):
            portal(FACTORY.post("/", {"a": "b"}))


def test_a_report_is_refused_by_its_length_and_the_connection_ends() -> None:
    # The client complains where more is read than there is: here, anything.
    response = fresh_client().post("/csp-report", b"", content_type="application/csp-report", CONTENT_LENGTH="20001")
    assert (response.status_code, response["Connection"]) == (413, "close")
