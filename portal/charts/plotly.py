"""A chart as JSON for plotly.js; colours are names of tokens ("--accent/0.14"), painted by the page's script."""

from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import Any

from portal.charts import numbers
from portal.charts.palette import DARK, LIGHT
from portal.charts.scales import empty_rows, names, position_range, runs, value_range
from portal.charts.specification import Axis, ChartSpecification, Role, Series
from portal.charts.tables import written

Trace = dict[str, Any]
TONES: dict[Role, str] = {"candidate": "--accent", "production": "--muted", "other": "--ink"}
CLEAR = "rgba(0,0,0,0)"
ROW_HEIGHT = 30
"""Pixels of one row of an interval chart."""


def figure_json(specification: ChartSpecification) -> dict[str, Any]:
    """Return data and layout for `Plotly.react`, with the colours of both schemes."""
    draw = _DRAWN[specification.kind]
    data = [trace for i, series in enumerate(specification.series) for trace in draw(specification, series, i)]
    data += _marks(specification)
    palettes = {"light": asdict(LIGHT), "dark": asdict(DARK)}
    return {"data": data, "layout": _layout(specification), "palettes": palettes}


# --- traces ------------------------------------------------------------------------------------------------------


def _line(specification: ChartSpecification, series: Series, index: int) -> list[Trace]:  # noqa: ARG001 (one signature)
    shape = "hv" if specification.kind == "step" else "linear"
    trace = _trace(specification, series, mode="lines+markers" if len(series.y) <= 40 else "lines")  # noqa: PLR2004
    trace["line"] = {"color": TONES[series.role], "width": 2, "shape": shape}
    return [*_band(series), trace]


def _band(series: Series) -> list[Trace]:
    """The interval as a band: one closed shape for each stretch without a gap."""
    if not series.low:
        return []
    tone = f"{TONES[series.role]}/0.14"
    bands = []
    for run in runs(series.low):
        x = [series.x[i] for i in run]
        edge = [series.high[i] for i in run] + [series.low[i] for i in reversed(run)]
        bands.append(
            {
                "type": "scatter",
                "x": x + x[::-1],
                "y": edge,
                "fill": "toself",
                "fillcolor": tone,
                "line": {"width": 0},
                "mode": "lines",
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
    return bands


def _scatter(specification: ChartSpecification, series: Series, index: int) -> list[Trace]:  # noqa: ARG001
    trace = _trace(specification, series, mode="markers")
    trace["error_y"] = _whiskers(series)
    return [trace]


def _reliability(specification: ChartSpecification, series: Series, index: int) -> list[Trace]:  # noqa: ARG001
    trace = _trace(specification, series, mode="lines+markers")
    trace["line"] = {"color": TONES[series.role], "width": 2}
    trace["error_y"] = _whiskers(series)
    return [trace]


def _bar(specification: ChartSpecification, series: Series, index: int) -> list[Trace]:  # noqa: ARG001
    trace = _trace(specification, series)
    del trace["mode"], trace["marker"]
    trace |= {"type": "bar", "marker": {"color": TONES[series.role]}, "error_y": _whiskers(series)}
    trace["error_y"]["color"] = "--ink"
    return [trace]


def _histogram(specification: ChartSpecification, series: Series, index: int) -> list[Trace]:  # noqa: ARG001
    trace = _trace(specification, series, mode="lines")
    trace["y"] = [*series.y, series.y[-1] if series.y else None]
    trace["hovertext"] = [*trace["hovertext"], ""]
    trace["line"] = {"color": TONES[series.role], "width": 2, "shape": "hv"}
    return [trace | {"fill": "tozeroy", "fillcolor": f"{TONES[series.role]}/0.14"}]


def _intervals(specification: ChartSpecification, series: Series, index: int) -> list[Trace]:
    rows = names(specification)
    shift = (index - (len(specification.series) - 1) / 2) * 0.3
    trace = _trace(specification, series, mode="markers")
    trace["x"], trace["y"] = trace["y"], [rows.index(str(name)) + shift for name in series.x]
    trace["error_x"] = _whiskers(series)
    return [trace]


_DRAWN: dict[str, Callable[[ChartSpecification, Series, int], list[Trace]]] = {
    "line": _line,
    "step": _line,
    "scatter": _scatter,
    "bar": _bar,
    "histogram": _histogram,
    "intervals": _intervals,
    "reliability": _reliability,
}


def _trace(specification: ChartSpecification, series: Series, mode: str = "") -> Trace:
    tone = TONES[series.role]
    hollow = series.role == "production"
    return {
        "type": "scatter",
        "name": escape(series.name, quote=False),
        "mode": mode,
        "x": [escape(x, quote=False) if isinstance(x, str) else x for x in series.x],
        "y": list(series.y),
        "marker": {
            "color": "--card" if hollow else tone,
            "size": 7,
            "line": {"color": tone, "width": 2 if hollow else 0},
        },
        "hovertext": [_told(specification, series, i) for i in range(len(series.y))],
        "hoverinfo": "text",
        "connectgaps": False,
    }


def _told(specification: ChartSpecification, series: Series, i: int) -> str:
    """What a point says on hover: where, how much (in full), how sure, from how many."""
    place, value = series.x[i], series.y[i]
    where = place if isinstance(place, str) else dict(specification.x.ticks).get(place, written(place, specification.x))
    exact = numbers.NO_DATA if value is None else written(value, specification.y)
    if value is not None and specification.y.format == "number":
        exact = f"{value!r}".replace("-", numbers.MINUS)
    ends = ""
    if series.low and series.low[i] is not None and series.high[i] is not None:
        low, high = series.low[i], series.high[i]
        ends = f" ({written(low, specification.y)} to {written(high, specification.y)})"
    counted = f"<br>n {numbers.count(series.n[i])}" if series.n else ""
    return f"{escape(series.name, quote=False)}<br>{escape(where, quote=False)}: {exact}{ends}{counted}"


def _whiskers(series: Series) -> dict[str, Any]:
    if not series.low:
        return {"visible": False}
    up, down = [], []
    for value, low, high in zip(series.y, series.low, series.high, strict=True):
        known = value is not None and low is not None and high is not None
        up.append(high - value if known and high is not None and value is not None else None)
        down.append(value - low if known and low is not None and value is not None else None)
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "color": TONES[series.role],
        "thickness": 1.6,
        "width": 3,
    }


def _marks(specification: ChartSpecification) -> list[Trace]:
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [mark.x],
            "y": [mark.y],
            "marker": {"color": TONES[mark.role], "size": 10},
            "hovertext": [escape(mark.label, quote=False)],
            "hoverinfo": "text",
        }
        for mark in specification.marks
    ]


# --- layout ------------------------------------------------------------------------------------------------------


def _layout(specification: ChartSpecification) -> dict[str, Any]:
    sideways = specification.kind == "intervals"
    values = _axis(specification.y, value_range(specification))
    positions = _axis(specification.x, position_range(specification))
    values |= {"gridcolor": "--line", "showgrid": True}
    if sideways:
        rows = names(specification)
        positions |= {
            "tickvals": list(range(len(rows))),
            "ticktext": [escape(row, quote=False) for row in rows],
            "range": [len(rows) - 0.4, -0.6],
        }
    if specification.kind == "reliability":
        values["scaleanchor"] = "x"
    x, y = (values, positions) if sideways else (positions, values)
    y["title"] = {"text": ""}
    layout: dict[str, Any] = {
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--muted"},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "margin": {"l": 48, "r": 16, "t": 30, "b": 44},
        "showlegend": False,
        "hoverlabel": {"bgcolor": "--card", "bordercolor": "--line", "font": {"color": "--ink", "size": 12}},
        "hovermode": "closest",
        "dragmode": False,
        "barmode": "group",
        "bargap": 0.35,
        "xaxis": x,
        "yaxis": y,
        "shapes": _shapes(specification),
        "annotations": _annotations(specification),
    }
    if sideways:
        layout["height"] = 90 + ROW_HEIGHT * len(names(specification))
    return layout


def _axis(axis: Axis, reach: tuple[float, float] | None) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "title": {"text": escape(axis.title, quote=False), "standoff": 8, "font": {"size": 12}},
        "automargin": True,
        "zeroline": False,
        "showgrid": False,
        "fixedrange": True,
        "tickcolor": "--line",
        "linecolor": "--line",
        "tickformat": {"percent": ".3~%", "count": ",d"}.get(axis.format, ""),
    }
    if reach is not None:
        drawn["range"] = list(reach)
    if axis.ticks:
        drawn |= {
            "tickvals": [at for at, _ in axis.ticks],
            "ticktext": [escape(text, quote=False) for _, text in axis.ticks],
        }
    return drawn


def _shapes(specification: ChartSpecification) -> list[dict[str, Any]]:
    """Limits, the sides that fail, stretches that mean something, and the diagonal of a reliability chart."""
    v, p = ("x", "y") if specification.kind == "intervals" else ("y", "x")
    low, high = value_range(specification)
    whole = {
        "type": "rect",
        f"{p}ref": "paper",
        f"{p}0": 0,
        f"{p}1": 1,
        f"{v}ref": v,
        "layer": "below",
        "line": {"width": 0},
    }
    shapes: list[dict[str, Any]] = []
    for limit in specification.thresholds:
        tone = "--bad" if limit.severity == "fail" else "--warn"
        if limit.fails is not None:
            ends = (low, limit.value) if limit.fails == "below" else (limit.value, high)
            shapes.append(whole | {f"{v}0": ends[0], f"{v}1": ends[1], "fillcolor": f"{tone}/0.08"})
        line = {"color": tone, "width": 1.2, "dash": "5px,3px"}
        shapes.append(whole | {"type": "line", f"{v}0": limit.value, f"{v}1": limit.value, "line": line})
    for band in specification.bands:
        span = {"type": "rect", "xref": "x", "x0": band.start, "x1": band.end, "yref": "paper", "y0": 0, "y1": 1}
        shapes.append(span | {"layer": "below", "line": {"width": 0}, "fillcolor": "--line/0.6"})
    if specification.kind == "reliability":
        line = {"color": "--muted", "width": 1.2, "dash": "2px,3px"}
        shapes.append({"type": "line", "x0": low, "y0": low, "x1": high, "y1": high, "line": line, "layer": "below"})
    return shapes


def _annotations(specification: ChartSpecification) -> list[dict[str, Any]]:
    sideways = specification.kind == "intervals"
    bare = {"showarrow": False, "font": {"size": 12}}
    notes: list[dict[str, Any]] = []
    if not sideways:
        title = {"text": escape(specification.y.title, quote=False), "xref": "paper", "yref": "paper", "x": 0, "y": 1}
        notes.append(bare | title | {"xanchor": "left", "yanchor": "bottom", "yshift": 6})
    for limit in specification.thresholds:
        tone = {"size": 12, "color": "--bad" if limit.severity == "fail" else "--warn"}
        place = (
            {"x": limit.value, "yref": "paper", "y": 1, "yanchor": "bottom", "xanchor": limit.label_end}
            if sideways
            else {"y": limit.value, "xref": "paper", "x": 1, "xanchor": "right", "yanchor": "bottom"}
        )
        notes.append(bare | place | {"text": escape(limit.label, quote=False), "font": tone})
    nothing = {"xref": "paper", "x": 0.5, "text": numbers.NO_DATA}
    notes += [bare | nothing | {"y": row} for row in empty_rows(specification)]
    for band in specification.bands:
        place = {"x": (band.start + band.end) / 2, "yref": "paper", "y": 1, "yanchor": "top"}
        notes.append(bare | place | {"text": escape(band.label, quote=False)})
    for mark in specification.marks:
        place = {"x": mark.x, "y": mark.y, "yanchor": "bottom", "yshift": 8, "font": {"size": 12, "color": "--ink"}}
        notes.append(bare | place | {"text": escape(mark.label, quote=False)})
    return notes
