import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from portal.reports.rules.free_text import LONGEST_TEXT, LONGEST_WORD, MOST_MARKS, REORDERING, clean, clean_all


def test_what_reorders_its_neighbours_is_printed_as_its_number() -> None:
    assert clean("approved \u202edetcejer") == "approved ⟨U+202E⟩detcejer"
    assert clean("zero\u200bwidth") == "zero⟨U+200B⟩width"


def test_a_word_that_fits_no_cell_is_cut_and_says_so() -> None:
    assert (
        clean("x" * 5_000)
        == f"{'x' * LONGEST_WORD}… [{5_000 - LONGEST_WORD:,} characters of this word left out; see the attachment]"
    )


def test_a_text_without_end_is_cut_and_says_so() -> None:
    assert clean("word " * 10_000).endswith("characters of this text left out; see the attachment]")


def test_keys_stay_and_every_text_below_them_is_cleaned() -> None:
    assert clean_all({"a\u200b": ["\u202e", 1, None, {"b": "\x00"}]}) == {
        "a\u200b": ["⟨U+202E⟩", 1, None, {"b": "\ufffd"}]
    }


@given(st.text(max_size=400))
def test_nothing_that_reorders_hides_or_climbs_is_left(text: str) -> None:
    cleaned = clean(text)
    assert not set(REORDERING) & set(cleaned)
    assert len(cleaned) <= LONGEST_TEXT + 100
    run = 0
    for letter in cleaned:
        assert unicodedata.category(letter) != "Cc" or letter in "\t\n"
        run = run + 1 if unicodedata.category(letter) in {"Mn", "Me"} else 0
        assert run <= MOST_MARKS
