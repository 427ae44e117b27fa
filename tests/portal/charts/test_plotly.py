import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from portal.charts.palette import LIGHT
from portal.charts.plotly import figure_json
from portal.charts.specification import Axis, ChartSpecification, Series
from portal.ui.style_sample import sample_charts


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


@pytest.mark.parametrize("chart", sample_charts(), ids=lambda chart: chart.kind)
def test_every_colour_is_a_token_of_the_palette(chart: ChartSpecification) -> None:
    figure = figure_json(chart)
    tokens = {text[2:].split("/")[0] for text in strings([figure["data"], figure["layout"]]) if text.startswith("--")}
    assert tokens
    assert tokens <= set(asdict(LIGHT))


@pytest.mark.parametrize("chart", sample_charts(), ids=lambda chart: chart.kind)
def test_every_value_is_drawn(chart: ChartSpecification) -> None:
    data = json.loads(json.dumps(figure_json(chart), allow_nan=False))["data"]
    drawn = {value for trace in data for axis in ("x", "y") for value in trace[axis] if isinstance(value, float | int)}
    for series in chart.series:
        assert {value for value in series.y if value is not None} <= drawn


def test_thresholds_are_drawn_and_labelled() -> None:
    [chart] = [chart for chart in sample_charts() if chart.key == "segments"]
    layout = figure_json(chart)["layout"]
    assert any(shape["type"] == "line" and shape["x0"] == 0.65 for shape in layout["shapes"])
    assert "at least 0.650" in {note["text"] for note in layout["annotations"]}


def test_a_row_without_data_says_so() -> None:
    [chart] = [chart for chart in sample_charts() if chart.key == "segments"]
    assert "no data" in {note["text"] for note in figure_json(chart)["layout"]["annotations"]}


def test_names_of_people_cannot_bring_markup() -> None:
    series = Series("<a href='x'>v3</a>", ("<b>UA</b>",), (0.5,))
    chart = ChartSpecification("k", "bar", "T", "One bar.", Axis("<i>x</i>"), Axis("y"), (series,))
    assert not any("<a" in text or "<b>" in text or "<i>" in text for text in strings(figure_json(chart)))
