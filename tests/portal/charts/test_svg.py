import re
from xml.etree import ElementTree as ET

import pytest

from portal.charts.specification import Axis, ChartSpecification, Series
from portal.charts.svg import draw
from portal.ui.style_sample import sample_charts

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("chart", sample_charts(), ids=lambda chart: chart.kind)
def test_a_drawing_has_its_size_its_sentence_and_no_style(chart: ChartSpecification) -> None:
    drawn = draw(chart, 134, 66)
    root = ET.fromstring(drawn)  # noqa: S314 (drawn by us)
    assert root.get("width") == "379.84252pt"
    assert root.findtext(f"{SVG}title") == chart.description
    assert "style=" not in drawn
    assert "<style" not in drawn


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert [draw(chart, 134, 66) for chart in sample_charts()] == [draw(chart, 134, 66) for chart in sample_charts()]


def test_thresholds_are_labelled_and_text_stays_text() -> None:
    [chart] = [chart for chart in sample_charts() if chart.key == "weeks"]
    texts = "".join(draw(chart, 134, 66))
    assert "severe 0.20" in texts
    assert "drift 0.05" in texts


def test_nothing_is_set_smaller_than_eight_points() -> None:
    for chart in sample_charts():
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', draw(chart, 134, 66))]
        assert sizes
        assert min(sizes) >= 8


def test_a_script_that_must_be_shaped_goes_out_as_paths() -> None:
    series = Series("v3", ("مطار",), (0.5,))
    drawn = draw(ChartSpecification("k", "bar", "T", "One bar.", Axis("x"), Axis("y"), (series,)), 83, 40)
    assert "<text" not in drawn


def test_a_row_without_data_says_so_once_for_all_series() -> None:
    rows = ("JFK", "LGA")
    series = (Series("v2", rows, (0.7, None), role="production"), Series("v3", rows, (0.8, None)))
    drawn = draw(ChartSpecification("k", "intervals", "T", "Two rows.", Axis("x"), Axis("y"), series), 134, 40)
    assert drawn.count("no data</text>") == 1
