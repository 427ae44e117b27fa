import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.canonical import canonical_json
from registry.rules.values import LARGEST_INTEGER, slug_problems, text_problems, unrecordable

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None, exclude_categories=()))
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(values)
def test_what_is_recordable_can_be_digested_and_stored(value: Any) -> None:
    if unrecordable(value) is None:
        assert b"\\u0000" not in canonical_json(value)
        json.dumps(value, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "not finite"),
        ({"a": [float("inf")]}, "not finite"),
        (LARGEST_INTEGER + 1, "integer beyond"),
        ({"a\0": 1}, "can't be stored"),
        (["\ud800"], "can't be stored"),
        ({1: "a"}, "not text"),
        (object(), "type object"),
    ],
)
def test_what_is_not_recordable_says_why(value: Any, words: str) -> None:
    assert words in (unrecordable(value) or "")


def test_depth_is_limited() -> None:
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    assert "nested" in (unrecordable(deep) or "")


def test_plain_values_are_recordable() -> None:
    assert unrecordable({"depth": 3, "rate": 0.1, "names": ["ä", None, True], "big": -LARGEST_INTEGER}) is None


def test_texts_are_required_and_storable() -> None:
    assert text_problems({"name": "  "}) == {"name": ["Enter a text."]}
    assert set(text_problems({"name": "a\0"}, {"note": "\ud800"})) == {"name", "note"}
    assert text_problems({"name": "a"}, {"note": ""}) == {}


def test_slugs_are_plain() -> None:
    assert slug_problems("flight-delay_2") == {}
    assert all(slug_problems(slug) for slug in ("", "a b", "ä", "a/b", "a" * 81))
