from portal.reports.sandboxed.fonts import drawable, name_missing


def test_what_no_font_draws_is_printed_as_its_number() -> None:
    assert name_missing("a\U0001f642 b\u202f", frozenset(map(ord, "ab"))) == "a⟨U+1F642⟩ b\u202f"


def test_latin_letters_and_the_shapes_of_states_are_drawable() -> None:
    assert set(map(ord, "Aéßλж✓✕△◐⟨−")) <= drawable()
