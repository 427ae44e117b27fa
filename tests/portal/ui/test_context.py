from collections.abc import Callable

from django.test import RequestFactory

from portal.accounts.models import User
from portal.ui.context import shell


def test_the_frame_knows_where_the_reader_is() -> None:
    here = shell(RequestFactory().get("/reviews/58"))["here"]
    assert here.name == "Reviews"


def test_the_frame_marks_one_entry_and_offers_a_way_past_it(rendered: Callable[..., str]) -> None:
    shown = rendered('{% include "base.html" %}', "/audit/7", user=User(pk=1, name="Ann"))
    assert shown.count('aria-current="page"') == 1
    assert '<a class="skip" href="#main">' in shown


def test_every_error_has_a_page_in_words(rendered: Callable[..., str]) -> None:
    for name in ("400", "403", "403_csrf", "404", "500"):
        shown = rendered(f'{{% include "errors/{name}.html" %}}', "/models/none")
        assert "<h1>" in shown
        assert "nothing" in shown.lower()
