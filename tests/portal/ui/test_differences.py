from portal.ui.differences import MOST_WORDS, differences


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in differences(before, after)]


def test_words_that_went_and_came_are_told_apart() -> None:
    assert told("Knows three airports.", "Knows five large airports.") == [
        ("same", "Knows"),
        ("out", "three"),
        ("in", "five large"),
        ("same", "airports."),
    ]


def test_equal_texts_differ_in_nothing_but_their_gaps() -> None:
    assert told("a  b\nc", "a b c") == [("same", "a b c")]
    assert told("", "new") == [("in", "new")]
    assert told("", "") == []


def test_very_long_texts_are_not_compared_word_by_word() -> None:
    assert [kind for kind, _ in told("a " * MOST_WORDS, "a b")] == ["out", "in"]
