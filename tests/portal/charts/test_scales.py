import pytest

from portal.charts.scales import empty_rows, position_range, runs, value_range
from portal.charts.specification import Axis, ChartSpecification, Kind, Series, Threshold
from portal.ui.style_sample import sample_charts


def test_the_value_axis_takes_in_intervals_and_thresholds() -> None:
    for chart in sample_charts():
        low, high = value_range(chart)
        shown = [v for s in chart.series for part in (s.y, s.low, s.high) for v in part if v is not None]
        shown += [limit.value for limit in chart.thresholds]
        assert low <= min(shown)
        assert max(shown) <= high


def test_names_have_no_stretch() -> None:
    assert [chart.key for chart in sample_charts() if position_range(chart) is None] == ["segments", "importance"]


def test_a_gap_splits_a_run() -> None:
    assert runs([1, 2, None, 3]) == [[0, 1], [3]]


def test_an_empty_chart_still_has_axes() -> None:
    chart = ChartSpecification("k", "line", "T", "No data.", Axis("x"), Axis("y"), (), (Threshold(0.0, "0"),))
    low, high = value_range(chart)
    assert low < high
    assert Series("v", (), ()).y == ()


@pytest.mark.parametrize(("kind", "is_whole"), [("intervals", True), ("scatter", True), ("bar", False)])
def test_a_mark_at_zero_has_room_unless_the_chart_stands_on_zero(kind: Kind, *, is_whole: bool) -> None:
    series = Series("v", ("a", "b") if kind == "intervals" else (1.0, 2.0), (0.0, 3.0))
    low, high = value_range(ChartSpecification("k", kind, "T", "Two.", Axis("x"), Axis("y"), (series,)))
    assert (low < 0) is is_whole
    assert high > 3


def test_a_row_is_empty_only_when_no_series_has_a_value() -> None:
    series = (Series("v1", ("a", "b", "c"), (1.0, None, None)), Series("v2", ("a", "b", "c"), (1.0, 2.0, None)))
    assert empty_rows(ChartSpecification("k", "intervals", "T", "Three.", Axis("x"), Axis("y"), series)) == [2]
