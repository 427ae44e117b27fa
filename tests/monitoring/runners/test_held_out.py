"""What is checked of rows that were read, with rows made by hand; reading them is tried in test_scoring."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitoring.choices import CheckOutcome
from monitoring.rules.plans import default_plan
from monitoring.runners.held_out import HeldOut, Unusable, check_rows, slice_of_column
from monitoring.runners.orders import ModelFile, ValidationOrder
from monitoring.runners.scoring import Column, ColumnQuality, HeldOutRows

ROWS = 1_200
TYPES = {"a": "double", "label": "int64", "day": "string", "site": "string", "spare": "int64"}
ORDER = ValidationOrder(
    plan=default_plan(task="binary", label_column="label", unit_column="day", slices=("site",)),
    table="0" * 64,
    columns=TYPES,
    training_columns=TYPES,
    candidate=ModelFile("v1", "1" * 64, "application/vnd.onnx", ("a",)),
    champion=None,
)


def held(
    rows: int = ROWS,
    types: Mapping[str, str] = TYPES,
    nulls: Mapping[str, int] | None = None,
    label: Column | None = None,
) -> HeldOutRows:
    labels = label or Column("label", "number", (np.arange(rows) % 3 == 0).astype(np.float64), None)
    quality = [ColumnQuality(name, kind, (nulls or {}).get(name, 0), 0, 0, 0.0, 1.0) for name, kind in types.items()]
    return HeldOutRows(rows, {"label": labels}, tuple(quality))


def messages(found: HeldOut | Unusable) -> str:
    return " ".join(f"{one.key}: {one.message}" for one in found.checks if one.outcome is not CheckOutcome.PASSED)


def test_fit_rows_pass_and_say_what_is_used() -> None:
    found = check_rows(ORDER, held())
    assert isinstance(found, HeldOut)
    assert [check.key for check in found.checks] == ["schema", "missing", "labels", "rows"]
    assert [column.name for column in found.used] == ["a", "label", "day", "site"]
    assert found.labels.values.sum() == ROWS / 3


def without(name: str) -> dict[str, str]:
    return {column: kind for column, kind in TYPES.items() if column != name}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (held(types=without("a")), "schema: “a” is missing."),
        (held(types=without("site")), "schema: “site” is missing."),
        (held(types={**TYPES, "a": "string"}), "schema: “a” is string, not double."),
        (held(nulls={"a": 61}), "missing: “a” lacks 5.08\u202f% of its rows."),
        (held(nulls={"day": 61}), "missing: “day” lacks"),
        (held(rows=999), "rows: 999 labelled rows; 1,000 are needed."),
        (held(rows=0), "missing: “a” lacks 100\u202f% of its rows"),
        (held(label=Column("label", "number", np.zeros(ROWS), None)), "rows: 0 rows of the rarer outcome"),
        (held(label=Column("label", "number", np.arange(ROWS) % 3.0, None)), "labels: labels: a binary task has two"),
        (held(label=Column("label", "time", np.zeros(ROWS, np.int64), None)), "“label” holds times"),
        (held(label=Column("label", "codes", np.zeros(ROWS, np.int64), ("late",))), "names no positive outcome"),
        (
            held(label=Column("label", "number", np.full(ROWS, np.nan), None)),
            "labels: 1,200 of 1,200 rows have no label.",
        ),
    ],
)
def test_rows_that_are_not_fit_stop_the_run_with_the_reason(rows: HeldOutRows, words: str) -> None:
    found = check_rows(ORDER, rows)
    assert isinstance(found, Unusable)
    assert words in messages(found)


def test_integers_and_numbers_stand_for_each_other() -> None:
    assert isinstance(check_rows(ORDER, held(types={**TYPES, "a": "int32"})), HeldOut)


def test_missing_values_of_a_mere_slice_are_allowed() -> None:
    assert isinstance(check_rows(ORDER, held(nulls={"site": ROWS})), HeldOut)


def test_a_regression_needs_numbers_and_counts_no_events() -> None:
    plan = default_plan(task="regression", label_column="label")
    order = replace(ORDER, plan=plan)
    found = check_rows(order, held(label=Column("label", "number", np.zeros(ROWS), None)))
    assert isinstance(found, HeldOut)
    text = Column("label", "codes", np.zeros(ROWS, np.int64), ("late",))
    assert "holds text, which are no regression labels" in messages(check_rows(order, held(label=text)))


def slices(kind: str, values: Any, levels: tuple[str, ...] | None = None) -> tuple[list[int], tuple[str, ...]]:
    found = slice_of_column(Column("c", kind, values, levels), np.ones(len(values), dtype=bool))
    return found.codes.tolist(), found.levels


def test_slices_are_levels_numbers_or_months() -> None:
    assert slices("codes", np.array([1, -1, 0]), ("x", "y")) == ([1, -1, 0], ("x", "y"))
    assert slices("number", np.array([2.0, np.nan, 1.0])) == ([1, -1, 0], ("1", "2"))
    month = np.array(["2026-02-03", "NaT", "2026-01-31"], dtype="datetime64[us]").view(np.int64)
    assert slices("time", month) == ([1, -1, 0], ("2026-01", "2026-02"))


def test_only_rows_with_a_label_are_sliced() -> None:
    column = Column("c", "codes", np.array([0, 1, 1]), ("x", "y"))
    assert slice_of_column(column, np.array([True, False, True])).codes.tolist() == [0, 1]
