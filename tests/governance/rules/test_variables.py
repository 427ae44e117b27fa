import math
import re

import pytest

from governance.rules.variables import BY_NAME, VARIABLES, VariableType, storable, unusable


def test_each_variable_has_one_dotted_name_a_type_and_a_meaning() -> None:
    assert len(BY_NAME) == len(VARIABLES)
    for variable in VARIABLES:
        assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", variable.name)
        assert variable.meaning.endswith(".")


def test_what_comes_from_the_run_is_marked() -> None:
    assert {variable.name for variable in VARIABLES if not variable.judges_run} == {
        "version.sealed", "model.tier", "model.task", "card.published", "card.complete", "people.commit_authors",
        "people.authors_known", "training.commit_verified", "stages.without_owner", "tier.assessed",
        "tier.independent", "findings.open", "findings.open_high", "findings.overdue", "documents.valid",
        "documents.expired", "documents.valid_kinds", "production.exists",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("version.sealed", True, ""),
        ("version.sealed", 1, "version.sealed is not of type bool"),
        ("model.tier", 2, ""),
        ("model.tier", True, "model.tier is not of type int"),
        ("model.tier", 2.0, "model.tier is not of type int"),
        ("validation.auc", 0.5, ""),
        ("validation.auc", math.nan, "validation.auc is nan, not a finite number"),
        ("validation.auc", None, "validation.auc has no value"),
        ("validation.auc", "nan", "validation.auc is not of type double"),
        ("model.task", "", "model.task is empty"),
    ],
)
def test_value_is_usable_only_if_present_finite_and_of_its_type(name: str, value: object, reason: str) -> None:
    assert unusable(BY_NAME[name], {name: value}) == reason


def test_lists_must_hold_texts_and_not_be_empty() -> None:
    variable = type(BY_NAME["model.task"])("people.names", VariableType.STRINGS, "Names.")
    assert unusable(variable, {"people.names": ["a"]}) == ""
    assert unusable(variable, {"people.names": []}) == "people.names is empty"
    assert unusable(variable, {"people.names": ["a", 1]}) == "people.names is not of type list(string)"
    assert unusable(variable, {"people.names": "a"}) == "people.names is not of type list(string)"


def test_stored_numbers_that_are_none_stay_unusable() -> None:
    kept = storable({"validation.auc": math.nan, "validation.ks": -math.inf, "model.tier": 2})
    assert kept == {"validation.auc": "nan", "validation.ks": "-inf", "model.tier": 2}
    assert unusable(BY_NAME["validation.auc"], kept)
