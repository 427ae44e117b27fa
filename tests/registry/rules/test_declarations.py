from datetime import date, timedelta

import pytest

from registry.rules.declarations import LONGEST, days_left, due_words, extension_problem, problems

TODAY = date(2026, 11, 28)
SAID = {
    "environment": "production", "description": "Version 4.", "has_version": False, "in_use_since": date(2021, 3, 1),
    "deadline": date(2027, 5, 31), "registered_on": date(2026, 11, 1), "today": TODAY,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"environment": "moon"}, "environment"),
        ({"description": " "}, "description"),
        ({"description": "a\0b", "has_version": True}, "description"),
        ({"in_use_since": TODAY + timedelta(days=1)}, "in_use_since"),
        ({"in_use_since": date(2026, 11, 2)}, "in_use_since"),
        ({"deadline": TODAY + LONGEST + timedelta(days=1)}, "deadline"),
        ({"deadline": date(2021, 2, 28)}, "deadline"),
    ],
)
def test_what_no_declaration_says_is_refused_by_its_field(changes: dict[str, object], field: str) -> None:
    assert set(problems(**{**SAID, **changes})) == {field}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"description": "", "has_version": True},
        {"in_use_since": date(2026, 11, 1)},
        {"deadline": TODAY + LONGEST},
        {"deadline": date(2026, 1, 1)},  # overdue at once, as it came from another portal
    ],
)
def test_what_a_declaration_may_say(changes: dict[str, object]) -> None:
    assert problems(**{**SAID, **changes}) == {}  # type: ignore[arg-type]


def test_a_later_deadline_than_the_last_one_takes_the_second_line() -> None:
    before, after = TODAY, TODAY + timedelta(days=1)
    assert extension_problem(after, None, may_extend=False) is None
    assert extension_problem(before, before, may_extend=False) is None
    assert extension_problem(after, before, may_extend=True) is None
    assert "only the second line" in str(extension_problem(after, before, may_extend=False))


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "Due today"),
        (1, "Due in 1 day"),
        (30, "Due in 30 days"),
        (-1, "Overdue by 1 day"),
        (-9, "Overdue by 9 days"),
    ],
)
def test_how_long_there_is_stands_in_words(days: int, words: str) -> None:
    assert due_words(days_left(TODAY + timedelta(days=days), TODAY)) == words
