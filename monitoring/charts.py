"""A run's results, and a profile's columns, as charts: what they show; drawing is portal.charts' business."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monitoring.rules.measures import measure_named
from monitoring.stats.profiles import bars, drawn_range
from portal.charts.specification import Axis, ChartSpecification, Role, Series, Threshold

Results = Mapping[str, Any]
ROLES: Mapping[str, Role] = {"champion": "production", "candidate": "candidate"}
"""By subject, in the order drawn: the candidate lies on top."""
SEGMENT_METRIC = {"binary": ("auc", "AUC"), "regression": ("rmse", "RMSE")}


def run_charts(results: Results) -> list[ChartSpecification]:
    """Return the charts of a finished run; one that its results can't fill is left out."""
    made = [_reliability(results), _histogram(results), _differences(results), *_segments(results)]
    return [one for one in made if one is not None]


def _names(results: Results) -> dict[str, str]:
    versions = results.get("versions") or {}
    words = {"candidate": "candidate", "champion": "production"}
    return {
        subject: f"{versions[subject]}, {word}" if versions.get(subject) else word for subject, word in words.items()
    }


def _by_subject(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    found = {row["subject"]: row for row in rows}
    return [(subject, found[subject]) for subject in ROLES if subject in found]


def _reliability(results: Results) -> ChartSpecification | None:
    names, is_binary = _names(results), results.get("task") == "binary"
    series = [
        Series(
            names[subject],
            tuple(group["predicted"] for group in table["groups"]),
            tuple(group["observed"] for group in table["groups"]),
            role=ROLES[subject],
            low=tuple(group["lower"] for group in table["groups"]),
            high=tuple(group["upper"] for group in table["groups"]),
            n=tuple(group["n"] for group in table["groups"]),
        )
        for subject, table in _by_subject(results.get("reliability", ()))
    ]
    if not series:
        return None
    told = "; ".join(f"{one.name}: {_spread(one, is_binary=is_binary)}" for one in series)
    scale = ("percent", 0.0) if is_binary else ("number", None)
    what = ("predicted probability", "observed share") if is_binary else ("predicted value", "observed mean")
    return ChartSpecification(
        key="reliability",
        kind="reliability",
        title="Reliability" if is_binary else "Predicted and observed",
        description=f"{what[1].capitalize()} against {what[0]}, on the diagonal where they agree. {told}.",
        x=Axis(what[0], *scale),
        y=Axis(what[1], *scale),
        series=tuple(series),
        note=f"Ten groups of equal size by rising score. {_drawn(results)}",
    )


def _spread(series: Series, *, is_binary: bool) -> str:
    """Say where a curve starts and ends, and its largest distance from the diagonal."""
    pairs = [(float(x), y) for x, y in zip(series.x, series.y, strict=True) if y is not None]
    (first_x, first_y), (last_x, last_y) = pairs[0], pairs[-1]
    farthest = max((y - x for x, y in pairs), key=abs)

    def write(value: float) -> str:
        return f"{value:.1%}" if is_binary else f"{value:.4g}"

    return (
        f"lowest group {write(first_x)} predicted, {write(first_y)} observed; highest {write(last_x)} and"
        f" {write(last_y)}; farthest from the diagonal by {write(abs(farthest))}"
        f" {'above' if farthest > 0 else 'below'}"
    )


def _histogram(results: Results) -> ChartSpecification | None:
    names, series, told = _names(results), [], []
    for subject, histogram in _by_subject(results.get("histograms", ())):
        pairs = zip(histogram["negatives"], histogram["positives"] or [0] * len(histogram["negatives"]), strict=True)
        counts = [negative + positive for negative, positive in pairs]
        total = sum(counts) or 1
        shares, edges = tuple(count / total for count in counts), tuple(histogram["edges"])
        series.append(Series(names[subject], edges, shares, role=ROLES[subject], n=tuple(counts)))
        top = max(range(len(shares)), key=lambda at: shares[at])
        told.append(f"{names[subject]}: most ({shares[top]:.0%}) from {edges[top]:.4g} to {edges[top + 1]:.4g}")
    if not series:
        return None
    is_binary = results.get("task") == "binary"
    return ChartSpecification(
        key="scores",
        kind="histogram",
        title="Scores",
        description=f"Share of the held-out rows by score. {'; '.join(told)}.",
        x=Axis("predicted probability", "percent") if is_binary else Axis("predicted value"),
        y=Axis("share of rows", "percent", 0.0),
        series=tuple(series),
    )


def _differences(results: Results) -> ChartSpecification | None:
    """Draw each difference in multiples of its margin, right is better: metrics of any unit share one limit."""
    rows = [row for row in results.get("comparison", ()) if row["margin"] and row["difference"] is not None]
    if not rows:
        return None
    names = _names(results)
    turned = [_turned(row) for row in rows]
    words = tuple(measure_named(row["name"]).word for row in rows)
    told = "; ".join(
        f"{word} {row['difference']:+.4g}{_interval(row)}, margin {row['margin']:g}: {row['verdict']}"
        for word, row in zip(words, rows, strict=True)
    )
    return ChartSpecification(
        key="differences",
        kind="intervals",
        title="Difference to production",
        description=f"{names['candidate']} minus {names['champion']} on the same rows. {told}.",
        x=Axis("metric", "text"),
        y=Axis("difference in margins, right is better"),
        series=(
            Series(
                names["candidate"],
                words,
                tuple(value for value, _, _ in turned),
                low=tuple(low for _, low, _ in turned),
                high=tuple(high for _, _, high in turned),
            ),
        ),
        thresholds=(Threshold(-1.0, "margin", fails="below"), Threshold(0.0, "equal", "warn")),
        note=f"One unit is the margin that the plan allows the metric to be worse. {_drawn(results)}",
    )


def _turned(row: Mapping[str, Any]) -> tuple[float, float | None, float | None]:
    scale = row["margin"] if row["higher_is_better"] else -row["margin"]
    ends = [None if row[end] is None else row[end] / scale for end in ("lower", "upper")]
    low, high = ends if scale > 0 else reversed(ends)
    return row["difference"] / scale, low, high


def _segments(results: Results) -> list[ChartSpecification]:
    metric, word = SEGMENT_METRIC.get(results.get("task", ""), ("", ""))
    found = {
        (one["subject"], one["slice_column"], one["slice_level"]): one
        for one in results.get("measurements", ())
        if one["name"] == metric and one["slice_column"]
    }
    columns = dict.fromkeys(segment["column"] for segment in results.get("segments", ()))
    return [_segment_chart(results, found, column, word, number) for number, column in enumerate(columns, start=1)]


def _segment_chart(
    results: Results, found: Mapping[tuple[str, str, str], Mapping[str, Any]], column: str, word: str, number: int
) -> ChartSpecification:
    names = _names(results)
    levels = [segment for segment in results["segments"] if segment["column"] == column]
    subjects = [subject for subject in ROLES if any(key[:2] == (subject, column) for key in found)]
    series = [
        _segment_series(
            names[subject], ROLES[subject], levels, [found.get((subject, column, one["level"])) for one in levels]
        )
        for subject in subjects
    ]
    left_out = [one["level"] for one in levels if not one["assessed"]]
    values = [
        (row["value"], one["level"])
        for one in levels
        if (row := found.get(("candidate", column, one["level"]))) and row["value"] is not None
    ]
    told = (
        f"from {min(values)[0]:.4g} ({min(values)[1]}) to {max(values)[0]:.4g} ({max(values)[1]})"
        if values
        else "no level has enough rows"
    )
    return ChartSpecification(
        key=f"segments-{number}",
        kind="intervals",
        title=f"{word} by {column}",
        description=f"{word} of the candidate by {column}: {told}.{_not_assessed(left_out)}",
        x=Axis(column, "text"),
        y=Axis(word),
        series=tuple(series),
        note=_drawn(results) + _not_assessed(left_out),
    )


def _segment_series(
    name: str, role: Role, levels: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any] | None]
) -> Series:
    return Series(
        name,
        tuple(one["level"] for one in levels),
        tuple(None if row is None else row["value"] for row in rows),
        role=role,
        low=tuple(None if row is None else row["lower"] for row in rows),
        high=tuple(None if row is None else row["upper"] for row in rows),
        n=tuple(one["n"] for one in levels),
    )


def _not_assessed(levels: Sequence[str]) -> str:
    return f" Not assessed, too few rows: {', '.join(levels)}." if levels else ""


def _drawn(results: Results) -> str:
    unit = results["unit"]
    how = "rows assumed independent" if unit == "row" else f"resampled by {unit}"
    return f"Intervals 95 %, {how}."


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["lower"] is None or row["upper"] is None else f" [{row['lower']:+.4g}, {row['upper']:+.4g}]"


# --- a column of a profile ---------------------------------------------------------------------------------------

BARS = 40
DRAWN_LEVELS = 20
DRAWN_VALUES = 31
"""So few values of numbers get a bar each."""
TIME_UNITS = {"h": "hour", "D": "day", "M": "month", "Y": "year"}


def column_chart(name: str, kind: str, summary: Results, cells: Results) -> ChartSpecification | None:
    """Return the chart of a profiled column; None where there is nothing to draw."""
    if not summary.get("n"):
        return None
    return {"number": _numbers, "level": _levels, "time": _times}.get(kind, _nothing)(name, summary, cells)


def _nothing(name: str, summary: Results, cells: Results) -> None:
    """Draw nothing of a column that is only counted."""


def _numbers(name: str, summary: Results, cells: Results) -> ChartSpecification | None:
    if cells["each_value"] and len(cells["edges"]) <= DRAWN_VALUES:
        values = [f"{edge:g}" for edge in cells["edges"]]
        return _bars(name, summary, values, cells["counts"][:-1], "value")
    low, high = drawn_range(summary["minimum"], summary["maximum"], cells["quantiles"])
    counts = [round(one) for one in bars(cells, low, high, BARS)]
    if not high > low or not sum(counts):
        return None
    edges = [low + (high - low) * step / BARS for step in range(BARS + 1)]
    shares = [one / summary["n"] for one in counts]
    top = max(range(BARS), key=lambda at: counts[at])
    left_out = "" if (low, high) == (summary["minimum"], summary["maximum"]) else (
        f"The middle 98 % of the values is drawn; all lie from {summary['minimum']:.4g} to {summary['maximum']:.4g}."
    )  # fmt: skip
    return ChartSpecification(
        key="column",
        kind="histogram",
        title=name,
        description=f"Share of the values of {name}: most ({shares[top]:.0%}) from {edges[top]:.4g} to"
        f" {edges[top + 1]:.4g}.",
        x=Axis(name),
        y=Axis("share of values", "percent", 0.0),
        series=(Series("snapshot", tuple(edges), tuple(shares), n=tuple(counts)),),
        note=left_out,
    )


def _levels(name: str, summary: Results, cells: Results) -> ChartSpecification | None:
    drawn = cells["levels"][:DRAWN_LEVELS]
    return _bars(name, summary, [one["level"] for one in drawn], [one["count"] for one in drawn], "level")


def _bars(
    name: str, summary: Results, values: Sequence[str], counts: Sequence[int], word: str
) -> ChartSpecification | None:
    """Return a bar for each of some values; the note tells of the others."""
    if not counts or len(set(values)) < len(values):
        return None
    n, rest, top = summary["n"], summary["n"] - sum(counts), max(range(len(counts)), key=lambda at: counts[at])
    shares = tuple(count / n for count in counts)
    return ChartSpecification(
        key="column",
        kind="bar",
        title=name,
        description=f"Share of the values of {name} by {word}: most often {values[top]} ({shares[top]:.0%}).",
        x=Axis(name, "text"),
        y=Axis("share of values", "percent", 0.0),
        series=(Series("snapshot", tuple(values), shares, n=tuple(counts)),),
        note=f"The {len(counts)} commonest {word}s; {rest:,} values are others." if rest else "",
    )


def _times(name: str, summary: Results, cells: Results) -> ChartSpecification:
    step = -(-len(cells["counts"]) // BARS)
    counts = [sum(cells["counts"][start : start + step]) for start in range(0, len(cells["counts"]), step)]
    unit, every = cells["unit"], cells["every"] * step
    first = np.datetime64(cells["first"], unit)
    starts = [str(first + np.timedelta64(every * place, unit)) for place in range(len(counts))]
    top = max(range(len(counts)), key=lambda at: counts[at])
    period = TIME_UNITS[unit] if every == 1 else f"{every} {TIME_UNITS[unit]}s"
    return ChartSpecification(
        key="column",
        kind="bar",
        title=name,
        description=f"Rows by {period} of {name}, from {summary['earliest']} to {summary['latest']}: most"
        f" ({counts[top]:,}) from {starts[top]}.",
        x=Axis(f"{name}: beginning of each {period}, UTC", "text"),
        y=Axis("rows", "count", 0.0),
        series=(Series("snapshot", tuple(starts), tuple(map(float, counts))),),
    )
