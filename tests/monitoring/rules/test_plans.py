import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rules.plans import PlanSpecification, completed, default_plan, problems

BINARY = default_plan(task="binary", label_column="late", unit_column="day", slices=("carrier",)).as_dict()
REGRESSION = default_plan(task="regression", label_column="delay").as_dict()


@pytest.mark.parametrize("plan", [BINARY, REGRESSION])
def test_default_plans_have_no_problems_and_survive_json(plan: dict[str, Any]) -> None:
    assert problems(plan) == []
    assert PlanSpecification.from_dict(json.loads(json.dumps(plan))).as_dict() == plan


def test_a_task_that_can_not_be_validated_is_refused() -> None:
    with pytest.raises(ValueError, match="“ranking” can't be validated yet; binary and regression can"):
        default_plan(task="ranking", label_column="x")
    assert problems({"task": "ranking", "label_column": "x"}) == [
        "Models for the task “ranking” can't be validated yet; binary and regression can."
    ]


def test_completing_keeps_what_is_said_and_adds_no_label() -> None:
    assert completed({"seed": 7}, task="binary") == {
        name: value for name, value in (BINARY | {"seed": 7, "unit_column": None, "slices": []}).items()
        if name != "label_column"
    }  # fmt: skip
    assert completed({"label_column": "x"}, task="ranking") == {"task": "ranking", "label_column": "x"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"colour": 1}, "The plan knows no field “colour”."),
        ({"seed": True}, "“seed” has the wrong type, or is too long or too large."),
        ({"seed": 2**60}, "“seed” has the wrong type, or is too long or too large."),
        ({"threshold": float("nan")}, "“threshold” has the wrong type, or is too long or too large."),
        ({"margins": {"auc": float("inf")}}, "“margins” has the wrong type, or is too long or too large."),
        ({"label_column": "a\0b"}, "“label_column” has the wrong type, or is too long or too large."),
        ({"positive_label": "\ud800"}, "“positive_label” has the wrong type, or is too long or too large."),
        ({"slices": ["x" * 201]}, "“slices” has the wrong type, or is too long or too large."),
        ({"slices": [""]}, "“slices” has the wrong type, or is too long or too large."),
        ({"metrics": "auc"}, "“metrics” has the wrong type, or is too long or too large."),
        ({"metrics": ["rmse"]}, "“rmse” is not measured for binary."),
        ({"margins": {"positive_rate": 0.1}}, "“positive_rate” can't have a margin for binary."),
        ({"margins": {"auc": -0.1}}, "The margin of “auc” is below 0."),
        ({"threshold": None}, "A binary plan needs a threshold from 0 to 1."),
        ({"threshold": 1.5}, "A binary plan needs a threshold from 0 to 1."),
        ({"label_column": ""}, "The plan names no label column."),
        ({"unit_column": ""}, "The unit column has no name; leave it out where rows are independent."),
        ({"unit_column": "late"}, "The label can't be the resampling unit."),
        ({"slices": ["late"]}, "The label can't be a slice."),
        ({"slices": ["a", "a"]}, "A slice is named twice."),
        ({"resamples": 100}, "Resamples lie between 200 and 20000."),
        ({"seed": -1}, "The seed is below 0."),
        ({"minimum_rows": 0}, "“minimum_rows” is at least 1."),
        ({"maximum_missing_share": 1.1}, "“maximum_missing_share” lies between 0 and 1."),
    ],
)
def test_each_problem_is_told_in_words(change: dict[str, Any], problem: str) -> None:
    assert problems({**BINARY, **change}) == [problem]
    with pytest.raises(ValueError, match=re.escape(problem)):
        PlanSpecification.from_dict({**BINARY, **change})


def test_what_is_missing_is_named_and_a_regression_has_no_threshold() -> None:
    assert problems({}) == ["“task” is missing.", "“label_column” is missing."]
    assert problems({**REGRESSION, "threshold": 0.5}) == ["A regression plan has no threshold."]
    assert problems(REGRESSION, task="binary") == ["The model's task is “binary”; its plan can't say “regression”."]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*BINARY, "colour"]), JSON, max_size=4))
def test_whatever_is_said_either_has_problems_or_is_a_plan(change: dict[str, Any]) -> None:
    data = completed({"label_column": "late", **change}, task="binary")
    if problems(data, task="binary"):
        return
    plan = PlanSpecification.from_dict(data).as_dict()
    assert PlanSpecification.from_dict(json.loads(json.dumps(plan, allow_nan=False))).as_dict() == plan
