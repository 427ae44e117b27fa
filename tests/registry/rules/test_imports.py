from datetime import date

import pytest

from registry.rules.imports import DECLARED, NAMES, REQUIRED, Declared, Flaw, Line, parsed

CELLS = {
    "slug": "late", "name": "Late", "purpose": "Warns.", "team": "flights", "owner": "dana@example.org", "tier": "2",
    "task": "binary", "implementation": "onnx",
}  # fmt: skip


def wrong(**cells: str) -> dict[str, str]:
    line, flaws = parsed(Line(7, {**CELLS, **cells}))
    assert (line is None) == bool(flaws)
    assert {flaw.line for flaw in flaws} <= {7}
    return {flaw.column: flaw.words for flaw in flaws}


def test_a_line_is_read_by_its_columns() -> None:
    line, flaws = parsed(Line(3, {name: f" {cell} " for name, cell in CELLS.items()}))
    assert flaws == []
    assert line is not None
    assert (line.number, line.slug, line.tier, line.origin, line.mlflow_name) == (3, "late", 2, "own", None)
    assert line.declared == []


@pytest.mark.parametrize("column", REQUIRED)
def test_what_is_needed_and_empty_is_named(column: str) -> None:
    assert set(wrong(**{column: "  "})) == {column}


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"tier": "high"}, "tier", "1 (the highest impact)"),
        ({"task": "guessing"}, "task", "Choose one of binary"),
        ({"implementation": "cobol"}, "implementation", "Choose one of scikit-learn"),
        ({"origin": "stolen"}, "origin", "Choose one of own, vendor"),
        ({"backup": "a\0"}, "backup", "can't be stored"),
        ({"in_use_since": "01/03/2021", "deadline": "2027-01-01"}, "in_use_since", "Write the day as"),
        ({"in_use_since": "2021-03-01"}, "deadline", "by which day"),
        ({"deadline": "2027-01-01"}, "in_use_since", "since which day"),
        ({"staging_in_use_as": "v4"}, "staging_in_use_since", "since which day"),
        ({"in_use_since": "2021-03-01", "deadline": "2027-01-01", "retirement": "Over."}, "retirement", "not in use"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(cells: dict[str, str], column: str, words: str) -> None:
    found = wrong(**cells)
    assert set(found) == {column}
    assert words in found[column]


def test_choices_are_known_by_the_words_of_the_pages_too() -> None:
    line, _ = parsed(
        Line(1, {**CELLS, "task": "Binary classification", "implementation": "lightgbm", "origin": "Vendor"})
    )
    assert line is not None
    assert (line.task, line.implementation, line.origin) == ("binary", "lightgbm", "vendor")


def test_what_is_in_use_is_called_as_its_model_where_nothing_else_is_said() -> None:
    line, _ = parsed(Line(1, {**CELLS, "in_use_since": "2021-03-01", "deadline": "2027-01-01"}))
    assert line is not None
    assert line.declared == [Declared("production", date(2021, 3, 1), date(2027, 1, 1), "Late")]


def test_a_place_is_named_by_line_and_column() -> None:
    assert Flaw(3, "owner", "").place == "line 3, owner"
    assert Flaw(3, "", "").place == "line 3"


def test_every_column_of_a_declaration_is_a_column() -> None:
    assert {name for names in DECLARED.values() for name in names} <= set(NAMES)
