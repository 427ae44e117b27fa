"""Charts of a run, from the results of simulated scores, and of columns, from simulated values."""

from typing import Any

import numpy as np
import pytest

from monitoring.charts import column_chart, run_charts
from monitoring.stats.cells import count_numbers
from monitoring.stats.profiles import NumberLearner, Profile, number_profile
from portal.charts.plotly import figure_json
from portal.charts.specification import ChartSpecification
from portal.charts.svg import draw
from portal.charts.tables import table
from tests.factories.monitoring import profiled, simulated


def results_of(*, has_champion: bool = True) -> dict[str, Any]:
    results = simulated(has_champion=has_champion).results
    assert results is not None
    return dict(results)


def charts(*, has_champion: bool = True, **changed: Any) -> dict[str, ChartSpecification]:
    return {chart.key: chart for chart in run_charts({**results_of(has_champion=has_champion), **changed})}


def test_a_run_beside_production_has_every_chart_and_each_can_be_drawn() -> None:
    made = charts()
    assert list(made) == ["reliability", "scores", "differences", "segments-1", "segments-2"]
    for chart in made.values():
        assert figure_json(chart)["data"]
        assert draw(chart, 100, 60).startswith("<svg")
        assert table(chart).rows


def test_the_candidate_is_drawn_last_and_named_by_version() -> None:
    made = charts()
    assert [(one.name, one.role) for one in made["reliability"].series] == [
        ("model v1, production", "production"),
        ("model v2, candidate", "candidate"),
    ]
    assert len(made["reliability"].series[1].x) == 10
    assert sum(n or 0 for n in made["scores"].series[0].n) == results_of()["n"]


def test_without_production_there_is_one_series_and_no_difference() -> None:
    made = charts(has_champion=False)
    assert "differences" not in made
    assert [one.role for one in made["segments-1"].series] == ["candidate"]


def test_differences_are_in_margins_and_right_is_better_whatever_the_metric() -> None:
    comparison: list[dict[str, Any]] = [
        {"name": "auc", "difference": -0.02, "lower": -0.03, "upper": -0.01, "margin": 0.01, "higher_is_better": True},
        {"name": "brier", "difference": 0.02, "lower": 0.01, "upper": 0.03, "margin": 0.01, "higher_is_better": False},
        {"name": "ks", "difference": 0.5, "lower": None, "upper": None, "margin": 0.1, "higher_is_better": True},
        {"name": "f1", "difference": 0.1, "lower": 0.0, "upper": 0.2, "margin": 0.0, "higher_is_better": True},
        {"name": "recall", "difference": None, "lower": None, "upper": None, "margin": 0.1, "higher_is_better": True},
    ]
    [series] = charts(comparison=[{**one, "verdict": "worse"} for one in comparison])["differences"].series
    assert series.x == ("AUC", "Brier score", "Kolmogorov–Smirnov")
    ends = zip(series.low, series.high, strict=True)
    assert [tuple(round(value, 9) for value in pair if value is not None) for pair in ends] == [
        (-3.0, -1.0),
        (-3.0, -1.0),
        (),
    ]
    assert [threshold.value for threshold in charts()["differences"].thresholds] == [-1.0, 0.0]


def test_levels_that_were_not_assessed_are_gaps_and_are_named() -> None:
    results = results_of()
    segments = [
        {**one, "assessed": False, "reason": "12 rows; 400 are needed."} if one["level"] == "Umbra" else one
        for one in results["segments"]
    ]
    measurements = [
        {**one, "value": None, "lower": None, "upper": None} if one["slice_level"] == "Umbra" else one
        for one in results["measurements"]
    ]
    chart = charts(segments=segments, measurements=measurements)["segments-1"]
    assert chart.series[1].y[chart.series[1].x.index("Umbra")] is None
    assert chart.note.endswith("Not assessed, too few rows: Umbra.")


def test_nothing_measured_has_no_charts() -> None:
    assert run_charts({}) == []


def test_a_regression_has_charts_in_its_own_unit() -> None:
    regression = {**results_of(), "task": "regression", "unit": "row"}
    regression["histograms"] = [{**one, "positives": []} for one in regression["histograms"]]
    made = {chart.key: chart for chart in run_charts(regression)}
    assert made["reliability"].x.title == "predicted value"
    assert made["reliability"].note.endswith("rows assumed independent.")
    assert made["segments-1"].title == "RMSE by carrier"
    assert made["segments-1"].series == ()


def of(found: Profile) -> ChartSpecification:
    made = column_chart("x", found.kind, found.summary, found.cells)
    assert made is not None
    return made


def numbers(values: "np.ndarray[Any, Any]") -> Profile:
    learner = NumberLearner()
    learner.add(values)
    grid, learned = learner.learned()
    return number_profile(grid, count_numbers(values, 0, grid), learned)


@pytest.mark.parametrize(("kind", "drawn"), [("double", "histogram"), ("string", "bar"), ("date32[day]", "bar")])
def test_each_kind_of_column_has_a_chart_that_can_be_drawn(kind: str, drawn: str) -> None:
    chart = of(profiled(kind))
    assert chart.kind == drawn
    assert figure_json(chart)["data"]
    assert draw(chart, 100, 60).startswith("<svg")
    assert table(chart).rows
    assert sum(one or 0.0 for one in chart.series[0].y) == pytest.approx(
        90 if kind.startswith("date") else 1.0, rel=0.05
    )


def test_few_values_have_a_bar_each_and_outliers_are_told_not_drawn() -> None:
    few = of(numbers(np.array([1.0, 1.0, 2.0])))
    assert (few.kind, few.series[0].x, few.series[0].n) == ("bar", ("1", "2"), (2, 1))
    many = np.append(np.random.default_rng(1).normal(size=5_000), 1e9)
    assert "middle 98 %" in of(numbers(many)).note


def test_a_column_without_values_has_no_chart() -> None:
    empty = numbers(np.zeros(0))
    assert column_chart("x", empty.kind, empty.summary, empty.cells) is None
    assert column_chart("x", "other", {"n": 3, "nulls": 0}, {}) is None
