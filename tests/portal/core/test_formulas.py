import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.formulas import guarded, unguarded


@given(st.text() | st.from_regex(r"'*[=+\-@\t\r].*", fullmatch=True))
def test_each_text_comes_back_as_it_was_and_calculates_nothing_meanwhile(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("text", ["plain", "", "'quoted'", "3-2", "it's"])
def test_what_no_spreadsheet_calculates_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text == unguarded(text)
