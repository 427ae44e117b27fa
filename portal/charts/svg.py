"""A chart as SVG for paper, at its final size: candidate solid and filled, production dashed and open."""

from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from portal.charts import numbers
from portal.charts.palette import PAPER
from portal.charts.paper import MM, inline_svg, paper_style, shortened
from portal.charts.scales import empty_rows, names, position_range, runs, value_range
from portal.charts.specification import Axis, ChartSpecification, Role, Series

PRODUCTION = "#7d8794"
TONES: dict[Role, str] = {"candidate": PAPER.accent, "production": PRODUCTION, "other": PAPER.ink}
DASHED = (0, (4, 2))
DOTTED = (0, (1, 2))
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
"""Under a note that stands on grid lines."""
LABEL = 120.0
"""Points that the name of a row may take; the table has it in full."""


def draw(specification: ChartSpecification, width_mm: float, height_mm: float) -> str:
    """Return the chart as inline SVG of exactly this size; its title is the text alternative."""
    with paper_style():
        figure = Figure(figsize=(width_mm / MM, height_mm / MM))
        axes = figure.subplots()
        _reach(axes, specification)
        for i, series in enumerate(specification.series):
            _DRAWN[specification.kind](axes, specification, series, i)
        _limits(axes, specification)
        _empty_rows(axes, specification)
        _notes(axes, specification)
        _label(axes, specification)
        return inline_svg(figure, specification.description)


# --- kinds -------------------------------------------------------------------------------------------------------


def _line(axes: Axes, specification: ChartSpecification, series: Series, index: int) -> None:  # noqa: ARG001 (one signature)
    style = "steps-post" if specification.kind == "step" else "default"
    for run in runs(series.low):
        x, low, high = (_known(part, run) for part in (series.x, series.low, series.high))
        axes.fill_between(x, low, high, color=TONES[series.role], alpha=0.16, linewidth=0)
    _plot(axes, series, drawstyle=style, markersize=4.2 if len(series.y) <= 40 else 0)  # noqa: PLR2004 (then too dense)


def _scatter(axes: Axes, specification: ChartSpecification, series: Series, index: int) -> None:  # noqa: ARG001
    _whiskers(axes, series, series.x)
    _plot(axes, series, linestyle="none")


def _reliability(axes: Axes, specification: ChartSpecification, series: Series, index: int) -> None:
    if index == 0:
        ends = value_range(specification)
        axes.plot(ends, ends, color=PAPER.ink, linewidth=0.7, linestyle=DOTTED)
    _whiskers(axes, series, series.x)
    _plot(axes, series)


def _bar(axes: Axes, specification: ChartSpecification, series: Series, index: int) -> None:
    many = len(specification.series)
    width = 0.66 / many
    places = [names(specification).index(str(x)) + (index - (many - 1) / 2) * width for x in series.x]
    known = [(place, y) for place, y in zip(places, series.y, strict=True) if y is not None]
    axes.bar(
        [p for p, _ in known], [y for _, y in known], width=width * 0.94, color=TONES[series.role], label=series.name
    )
    _whiskers(axes, series, places, tone=PAPER.ink)


def _histogram(axes: Axes, specification: ChartSpecification, series: Series, index: int) -> None:  # noqa: ARG001
    tone = TONES[series.role]
    values = [value or 0.0 for value in series.y]
    style = DASHED if series.role == "production" else "-"
    axes.stairs(values, series.x, fill=True, color=tone, alpha=0.14)
    axes.stairs(values, series.x, color=tone, linewidth=1.4, linestyle=style, label=series.name)


def _intervals(axes: Axes, specification: ChartSpecification, series: Series, index: int) -> None:
    shift = (index - (len(specification.series) - 1) / 2) * 0.3
    tone, hollow = TONES[series.role], series.role == "production"
    for i, name in enumerate(series.x):
        row, value = names(specification).index(str(name)) + shift, series.y[i]
        if value is None:
            continue
        if series.low and series.low[i] is not None and series.high[i] is not None:
            axes.plot(
                _known([series.low[i], series.high[i]], [0, 1]),
                [row, row],
                color=tone,
                linewidth=1.6,
                solid_capstyle="butt",
            )
        label = series.name if i == 0 else None
        axes.plot(
            [value],
            [row],
            marker="o",
            color=tone,
            markerfacecolor="white" if hollow else tone,
            linestyle="none",
            label=label,
        )


_DRAWN: dict[str, Callable[[Axes, ChartSpecification, Series, int], None]] = {
    "line": _line,
    "step": _line,
    "scatter": _scatter,
    "bar": _bar,
    "histogram": _histogram,
    "intervals": _intervals,
    "reliability": _reliability,
}


def _plot(axes: Axes, series: Series, **options: object) -> None:
    hollow = series.role == "production"
    look: dict[str, Any] = {
        "marker": "s" if hollow else "o",
        "color": TONES[series.role],
        "markerfacecolor": "white" if hollow else TONES[series.role],
        "linestyle": DASHED if hollow else "-",
        "label": series.name,
    }
    values = [float("nan") if value is None else value for value in series.y]
    axes.plot(list(series.x), values, **(look | options))


def _known(values: Sequence[object], run: list[int]) -> list[float]:
    """The values at these indices, all of which are numbers."""
    return [float(value) for i in run if isinstance(value := values[i], float | int)]


def _whiskers(axes: Axes, series: Series, places: Sequence[object], tone: str = "") -> None:
    for run in runs(series.low):
        x, low, high = (_known(part, run) for part in (places, series.low, series.high))
        axes.vlines(x, low, high, color=tone or TONES[series.role], linewidth=1.1)


# --- what every chart has ----------------------------------------------------------------------------------------


def _reach(axes: Axes, specification: ChartSpecification) -> None:
    values, positions = value_range(specification), position_range(specification)
    if specification.kind == "intervals":
        rows = names(specification)
        axes.set_xlim(*values)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), [shortened(row, LABEL) for row in rows])
        return
    axes.set_ylim(*values)
    if positions is not None:
        axes.set_xlim(*positions)
    elif specification.kind == "bar":
        places = names(specification)
        axes.set_xticks(range(len(places)), [shortened(place, LABEL / 2) for place in places])
        axes.set_xlim(-0.6, len(places) - 0.4)
    if specification.kind == "reliability":
        axes.set_aspect("equal")


def _limits(axes: Axes, specification: ChartSpecification) -> None:
    """Thresholds: always dashed in ink and labelled; the side that fails carries a wash."""
    sideways = specification.kind == "intervals"
    low, high = value_range(specification)
    line, wash = (axes.axvline, axes.axvspan) if sideways else (axes.axhline, axes.axhspan)
    for limit in specification.thresholds:
        if limit.fails is not None:
            ends = (low, limit.value) if limit.fails == "below" else (limit.value, high)
            wash(*ends, color="#f1f3f7", linewidth=0, zorder=0)
        line(limit.value, color=PAPER.ink, linewidth=0.8, linestyle=DASHED)
        place: dict[str, Any] = {"xy": (limit.value, 1.0), "xycoords": ("data", "axes fraction")}
        if not sideways:
            place = {"xy": (1.0, limit.value), "xycoords": ("axes fraction", "data")}
        align = limit.label_end if sideways else "right"
        axes.annotate(limit.label, **place, xytext=(0, 2.5), textcoords="offset points", ha=align, va="bottom")
    for band in specification.bands:
        axes.axvspan(band.start, band.end, color=PAPER.line, alpha=0.6, linewidth=0, zorder=0)
        middle = ((band.start + band.end) / 2, 0.97)
        axes.annotate(
            band.label,
            middle,
            xycoords=("data", "axes fraction"),
            ha="center",
            va="top",
            color=PAPER.muted,
            bbox=PLATE,
        )


def _empty_rows(axes: Axes, specification: ChartSpecification) -> None:
    """Say so, once, where a row of intervals has no value in any series."""
    for row in empty_rows(specification):
        place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "ha": "center", "va": "center"}
        axes.annotate(numbers.NO_DATA, (0.5, row), **place, color=PAPER.muted)


def _notes(axes: Axes, specification: ChartSpecification) -> None:
    for mark in specification.marks:
        axes.plot([mark.x], [mark.y], marker="o", color=TONES[mark.role], markersize=6)
        offset: dict[str, Any] = {"xytext": (0, 6), "textcoords": "offset points", "ha": "center", "va": "bottom"}
        axes.annotate(mark.label, (mark.x, mark.y), **offset, fontweight=600, bbox=PLATE)


def _label(axes: Axes, specification: ChartSpecification) -> None:
    sideways = specification.kind == "intervals"
    along, up = (specification.y, None) if sideways else (specification.x, specification.y)
    axes.grid(axis="x" if sideways else "y")
    axes.set_xlabel(along.title)
    _ticks(axes.xaxis, along)
    if up is not None:
        axes.set_ylabel(up.title)
        _ticks(axes.yaxis, up)
    if len(specification.series) > 1:
        handles, texts = axes.get_legend_handles_labels()
        axes.legend(handles, texts, loc="lower left", bbox_to_anchor=(0, 1.02), ncols=3, borderaxespad=0)


def _ticks(drawn: object, axis: Axis) -> None:
    """Write the ticks as the axis says; names were set before."""
    if axis.ticks:
        drawn.set_ticks([at for at, _ in axis.ticks], labels=[text for _, text in axis.ticks])  # type: ignore[attr-defined]
    elif axis.format == "percent":
        drawn.set_major_formatter(lambda value, _: f"{value * 100:g}{numbers.NARROW}%".replace("-", numbers.MINUS))  # type: ignore[attr-defined]
    elif axis.format == "count":
        drawn.set_major_formatter(lambda value, _: numbers.count(round(value)))  # type: ignore[attr-defined]
