import re

from portal.ui.templatetags import pack


def test_a_state_is_a_shape_and_a_word() -> None:
    assert "✕" in pack.status("failed")
    assert "not\u00a0passed" in pack.status("failed")
    assert "loud" in pack.status("errored")
    assert "quiet" in pack.status("not assessed")


def test_an_unknown_state_never_looks_passed() -> None:
    assert "○" in pack.status("never heard of")
    assert "marked" in pack.status("never heard of")


def test_a_copied_digest_is_in_one_piece() -> None:
    assert re.sub(r"<[^>]*>", "", pack.full("0123abcd" * 8)) == "0123abcd" * 8


def test_text_from_right_to_left_gets_a_box_of_its_own() -> None:
    assert "rtl" in pack.line("نموذج")
    assert "rtl" not in pack.line("model نموذج")
    assert "&lt;script&gt;" in pack.line("<script>")


def test_numbers_carry_a_true_minus_sign_and_instants_are_utc() -> None:
    assert pack.signed(-0.01234, 3) == "−0.012"
    assert pack.span({"lower": -0.5, "upper": 1.0}, 2, "signed") == "[−0.50,\u00a0+1.00]"
    assert pack.span(None, 2) == "–"
    assert pack.utc("2026-11-27T13:40:12.5+02:00") == "27\u00a0Nov\u00a02026, 11:40:12\u00a0UTC"
    assert pack.utc(None) == "–"


def test_a_seal_says_whose_digest_it_draws() -> None:
    drawn = pack.pack_seal("ab" * 32)
    assert "<title>Seal of abababababab</title>" in drawn
    assert 'width="27mm"' in drawn
