import pytest

from registry.rules.datasheets import is_sensitive, named_once, sensitive_problems, texts_problems


def test_a_datasheet_says_something_that_can_be_stored() -> None:
    assert texts_problems({"origin": "", "gaps": "Night flights."}) == {}
    assert set(texts_problems({"origin": " ", "gaps": ""})) == {"origin"}
    assert set(texts_problems({"origin": "Here.", "gaps": "\x00"})) == {"gaps"}
    assert set(texts_problems({"origin": "x" * 20_001})) == {"origin"}


def test_only_who_sees_sensitive_values_takes_a_column_off_the_list() -> None:
    assert sensitive_problems(["income"], ["Income ", "age"], may_reveal=False) == {}
    assert "income" in sensitive_problems(["income"], ["age"], may_reveal=False)["sensitive"][0]
    assert sensitive_problems(["income"], [], may_reveal=True) == {}


@pytest.mark.parametrize("wanted", [["x" * 201], ["\x00"], ["x"] * 4_001])
def test_names_are_those_that_a_column_can_have(wanted: list[str]) -> None:
    assert set(sensitive_problems([], wanted, may_reveal=True)) == {"sensitive"}


def test_names_stand_once_and_without_blanks() -> None:
    assert named_once([" income ", "", "INCOME", "age"]) == ["income", "age"]


@pytest.mark.parametrize("column", ["income", "Income", " INCOME"])
def test_case_and_blanks_reveal_nothing(column: str) -> None:
    assert is_sensitive(column, ["Income "])
    assert not is_sensitive("incomes", ["income"])
