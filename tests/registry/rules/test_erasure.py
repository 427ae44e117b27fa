import pytest

from registry.rules.erasure import erasure_problems


@pytest.mark.parametrize(
    ("typed", "reason", "fields"),
    [
        ("flights 3", "Asked for.", set()), (" flights  3 ", "Asked for.", set()), ("flights", "Asked for.", {"typed"}),
        ("flights 4", " ", {"typed", "reason"}), ("flights 3", "\x00", {"reason"}),
    ],
)  # fmt: skip
def test_the_name_is_typed_and_a_reason_given(typed: str, reason: str, fields: set[str]) -> None:
    assert set(erasure_problems(name="flights 3", typed=typed, reason=reason)) == fields
