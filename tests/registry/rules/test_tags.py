import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.tags import LONGEST, MOST, normalised, problems, separated


def test_tags_are_spelled_one_way_each_once_and_in_order() -> None:
    assert normalised([" Pilot ", "credit  RISK", "pilot", "", "Straße", "\N{FULLWIDTH LATIN CAPITAL LETTER A}i"]) == [
        "ai", "credit-risk", "pilot", "strasse",
    ]  # fmt: skip
    assert separated("b; a,\nA, ,c d") == ["a", "b", "c-d"]
    assert separated("") == []


@given(st.lists(st.text(max_size=60), max_size=5))
def test_what_was_normalised_stays_as_it_is(tags: list[str]) -> None:
    once = normalised(tags)
    assert normalised(once) == once
    assert all(tag.split() == [tag] for tag in once)


@given(st.lists(st.from_regex(r"[a-z0-9]([a-z0-9._:/-]{0,20}[a-z0-9])?", fullmatch=True), max_size=MOST))
def test_good_tags_survive_a_text(tags: list[str]) -> None:
    kept = normalised(tags)
    assert problems(kept) == {}
    assert separated(", ".join(kept)) == kept


@pytest.mark.parametrize(
    "tags",
    [
        ["-a"],
        ["a-"],
        ["a+b"],
        ["<b>"],
        ["a\u200bb"],
        ["a\0b"],
        ["x" * (LONGEST + 1)],
        [f"t{n}" for n in range(MOST + 1)],
    ],
)
def test_what_is_no_tag_is_named(tags: list[str]) -> None:
    assert problems(normalised(tags)).keys() == {"tags"}
