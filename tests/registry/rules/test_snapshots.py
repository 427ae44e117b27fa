from datetime import UTC, datetime
from typing import Any

import pytest

from registry.rules.snapshots import conclude, time_column_problems

GOOD = {"rows": 3, "columns": [{"name": "x", "type": "double"}], "period": None}


def test_an_accepted_table_is_ready_with_its_contents() -> None:
    period = {"from": "2026-01-01", "to": "2026-01-31T23:00:00.123456789-01:00"}
    found = conclude(verdict="accepted", reason="", details=GOOD | {"period": period})
    assert found.verb == "accept"
    assert found.contents is not None
    assert (found.contents.rows, found.contents.columns) == (3, GOOD["columns"])
    assert found.contents.period_start == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.contents.period_end == datetime(2026, 2, 1, 0, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("period", [None, {"from": None, "to": None}])
def test_a_table_without_times_has_no_period(period: Any) -> None:
    found = conclude(verdict="accepted", reason="", details=GOOD | {"period": period})
    assert found.contents is not None
    assert (found.contents.period_start, found.contents.period_end) == (None, None)


@pytest.mark.parametrize(
    ("verdict", "details", "verb"),
    [
        ("refused", GOOD, "refuse"),
        ("failed", GOOD, "fail"),
        ("", GOOD, "fail"),
        ("accepted", {}, "fail"),
        ("accepted", GOOD | {"rows": -1}, "fail"),
        ("accepted", GOOD | {"columns": []}, "fail"),
        ("accepted", GOOD | {"rows": 2**60}, "refuse"),
        ("accepted", GOOD | {"period": {"from": "12026-01-01", "to": "2026"}}, "refuse"),
        ("accepted", GOOD | {"period": {"from": "0001-01-01T00:00:00+12:00", "to": "2026-01-01"}}, "refuse"),
        ("accepted", GOOD | {"columns": [{"name": "a\0", "type": "x"}]}, "refuse"),
    ],
)
def test_everything_else_is_not_ready(verdict: str, details: dict[str, Any], verb: str) -> None:
    found = conclude(verdict=verdict, reason="Because.", details=details)
    assert (found.verb, found.contents) == (verb, None)
    assert found.reason


def test_time_columns_have_storable_names() -> None:
    assert time_column_problems("") == time_column_problems("day") == {}
    assert time_column_problems("d" * 201)
    assert time_column_problems("d\0")
