import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.canonical import canonical_json
from registry.rules.values import LARGEST_INTEGER, repository_problems, slug_problems, text_problems, unrecordable

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


def test_a_text_of_one_line_has_nothing_that_is_not_seen() -> None:
    assert set(text_problems({"name": "risk\u202emodel", "commit": "a\u200b"}, {"repository": "x\ty"})) == {
        "name", "commit", "repository",
    }  # fmt: skip
    assert text_problems({"purpose": "two\nlines", "name": "می\u200cخواهم"}) == {}


def test_slugs_are_plain() -> None:
    assert slug_problems("flight-delay_2") == {}
    assert all(slug_problems(slug) for slug in ("", "a b", "ä", "a/b", "a" * 81))


@pytest.mark.parametrize(
    ("field", "limit"), [("name", 200), ("repository", 400), ("commit", 64), ("rationale", 20_000), ("purpose", 20_000)]
)
def test_texts_have_a_length(field: str, limit: int) -> None:
    assert text_problems({field: "x" * limit}) == {}
    words = f"Use at most {limit} characters; this has {limit + 1}."
    assert (
        text_problems({field: "x" * (limit + 1)}) == text_problems({}, {field: "x" * (limit + 1)}) == {field: [words]}
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example.org/team/model", "https://git.example.org:8443/m.git", "ssh://git@git.example.org/m.git",
        "ssh://git.example.org:22/m", "git@git.example.org:team/m.git",
    ],
)  # fmt: skip
def test_a_repository_lies_behind_https_or_ssh(address: str) -> None:
    assert repository_problems(address) == {}


@pytest.mark.parametrize(
    "address",
    [
        "", "r", "/srv/git/m", "file:///etc/passwd", "http://git.example.org/m", "javascript:alert(1)", "git://h/m",
        "https://", "https://ann:secret@git.example.org/m", "https://git.example.org/a b", "ssh://git:pw@h/m",
        "https://git.example.org/m\nX: y", "ext::sh -c id", "--upload-pack=id", "data:text/html,x",
        "https://git.example.org/m?token=abc", "ssh://-oProxyCommand=id/m", "ssh://git@-oProxyCommand=id/m",
        "ssh://-oProxyCommand=id@h/m", "https://-h/m",
    ],
)  # fmt: skip
def test_other_addresses_and_passwords_are_refused(address: str) -> None:
    assert set(repository_problems(address)) == {"repository"}
