import math

import pytest

from portal.charts.specification import Axis, ChartSpecification, Series


def chart(series: Series, kind: str = "line", description: str = "It rises.") -> ChartSpecification:
    return ChartSpecification("k", kind, "T", description, Axis("x"), Axis("y"), (series,))  # type: ignore[arg-type]


def test_nan_is_refused_because_no_data_is_none() -> None:
    with pytest.raises(ValueError, match="say None"):
        Series("v3", (1.0,), (math.nan,))


def test_an_interval_has_two_ends() -> None:
    with pytest.raises(ValueError, match="two ends"):
        Series("v3", (1.0,), (0.5,), low=(0.4,))


def test_parts_of_a_series_fit() -> None:
    with pytest.raises(ValueError, match="2 low for 1 values"):
        Series("v3", (1.0,), (0.5,), low=(0.4, 0.3), high=(0.6, 0.7))
    with pytest.raises(ValueError, match="2 x for 1 y"):
        chart(Series("v3", (1.0, 2.0), (0.5,)))


def test_a_histogram_has_one_edge_more_than_values() -> None:
    assert chart(Series("w", (1.0, 2.0), (0.5,)), "histogram").kind == "histogram"


def test_a_chart_needs_its_text_alternative() -> None:
    with pytest.raises(ValueError, match="text alternative"):
        chart(Series("v3", (1.0,), (0.5,)), description="")
