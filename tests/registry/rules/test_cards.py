from dataclasses import replace

import pytest

from registry.rules.cards import CardText, problems
from registry.rules.values import LONGEST

TEXT = CardText("Ranks calls.", "Knows one country.", "Never for prices.")


@pytest.mark.parametrize("field", ["intended_use", "limitations", "out_of_scope_use"])
def test_every_text_is_needed_and_covered_by_the_digest(field: str) -> None:
    assert problems(TEXT) == {}
    assert set(problems(replace(TEXT, **{field: "  "}))) == {field}
    assert set(problems(replace(TEXT, **{field: "x" * (LONGEST + 1)}))) == {field}
    assert replace(TEXT, **{field: "Other."}).digest() != TEXT.digest()


def test_the_same_text_has_the_same_digest() -> None:
    assert CardText(**TEXT.as_fields()).digest() == TEXT.digest()
