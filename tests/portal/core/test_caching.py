"""What caches may keep."""

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from portal.core.caching import NothingKept


@pytest.mark.parametrize(("said", "kept"), [({}, "private, no-store"), ({"Cache-Control": "max-age=60"}, "max-age=60")])
def test_nothing_is_kept_unless_the_answer_says_for_how_long(said: dict[str, str], kept: str) -> None:
    middleware = NothingKept(lambda _: HttpResponse(headers=said))
    assert middleware(RequestFactory().get("/")).headers["Cache-Control"] == kept


def test_static_files_are_kept(client: Client) -> None:
    assert "no-store" not in client.get("/static/countersign/countersign.css")["Cache-Control"]
