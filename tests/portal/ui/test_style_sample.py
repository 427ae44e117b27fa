import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from portal.ui.style_sample import style_context
from portal.ui.words import LOOKS

VOID = {"area", "br", "circle", "ellipse", "hr", "img", "input", "link", "meta", "path", "rect", "use", "wbr"}


class Balance(HTMLParser):
    """Checks that every element closes, and that no id is there twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        assert "style" not in names, self.getpos()
        assert not [name for name in names if name.startswith("on")], self.getpos()
        if "id" in names:
            self.ids.append(str(names["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, self.getpos()


@pytest.fixture
def sheet(rendered: Callable[..., str]) -> str:
    return rendered('{% include "style.html" %}', **style_context())


def test_the_style_page_is_well_formed_without_inline_style_or_handler(sheet: str) -> None:
    balance = Balance()
    balance.feed(sheet)
    assert balance.open == []
    assert len(balance.ids) == len(set(balance.ids))


def test_the_style_page_has_no_inline_script(sheet: str) -> None:
    scripts = re.findall(r"<script([^>]*)>", sheet)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)


def test_every_state_is_on_the_style_page() -> None:
    shown = {word for _, words in style_context()["vocabulary"] for word in words}
    assert shown | {"finding_open", "alert_open", "waiver_active"} == set(LOOKS)
