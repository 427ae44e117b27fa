"""Canonical JSON is RFC 8785, by whichever way it is made."""

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from portal.core.canonical import canonical_json

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.text(st.characters(codec="ascii"), max_size=4)
VALUES = st.recursive(SCALARS, lambda part: st.lists(part, max_size=4) | st.dictionaries(KEYS, part, max_size=4))


@given(VALUES)
def test_the_bytes_are_those_of_the_reference_canonicaliser(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("text", [chr(code) for code in [*range(0x20), 0x22, 0x5C, 0x7F, 0xE9, 0x2028, 0x1F600]])
def test_characters_are_escaped_as_the_standard_has_it(text: str) -> None:
    assert canonical_json([text]) == rfc8785.dumps([text])


def test_keys_sort_by_their_utf_16_units() -> None:
    assert canonical_json({"\uff5e": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\uff5e":1}'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, -(2**53), "\ud800", {"\ud800": 1}, {1: 2}, b"x"])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        canonical_json([value])
