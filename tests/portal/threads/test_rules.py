import pytest

from portal.threads.rules import LIMIT, change_problem, plain, text_problem


@pytest.mark.parametrize(
    ("text", "kept"), [("  a\r\nb\r ", "a\nb"), ("\n\n", ""), ("    code", "code"), ("a\n\n    code", "a\n\n    code")]
)
def test_lines_end_alike_and_nothing_blank_stands_around(text: str, kept: str) -> None:
    assert plain(text) == kept


def test_a_text_says_something_and_has_an_end() -> None:
    assert text_problem("") == "Say something: a comment of spaces is none."
    assert text_problem("a" * LIMIT) == ""
    assert text_problem("[" * 300) == ""
    assert text_problem("[" * 301).startswith("It has more than 300 opening brackets")
    assert text_problem("a" * (LIMIT + 1)).startswith("It has 10,001 characters; a comment has at most 10,000.")
    assert "NUL" in text_problem("a\0b")


@pytest.mark.parametrize(("author", "user", "may"), [(1, 1, True), (1, 2, False), (1, None, False)])
def test_only_its_author_changes_a_comment(author: int, user: int | None, may: bool) -> None:  # noqa: FBT001
    assert (change_problem(author, user) == "") is may
