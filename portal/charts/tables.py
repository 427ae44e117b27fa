"""The table behind a chart."""

from dataclasses import dataclass

from portal.charts import numbers
from portal.charts.specification import Axis, ChartSpecification, Position, Series


@dataclass(frozen=True)
class ChartTable:
    """Heads and rows of text; the first cell of a row names it."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(specification: ChartSpecification) -> ChartTable:
    """List every value of a chart: one row for each position, one column for each series and its interval."""
    if specification.kind in {"reliability", "scatter"}:
        return _points(specification)
    head = [specification.x.title or "Group"]
    for series in specification.series:
        head += _heads(series)
    rows = []
    for position in _positions(specification):
        row = [_where(position, specification.x)]
        for series in specification.series:
            row += _cells(series, _index(series, position), specification.y)
        rows.append(tuple(row))
    return ChartTable(tuple(head), tuple(rows))


def written(value: float | None, axis: Axis) -> str:
    """Return a value as its axis writes it."""
    if value is None:
        return numbers.NO_DATA
    if axis.format == "percent":
        return numbers.percent(value)
    if axis.format == "count":
        return numbers.count(round(value))
    return numbers.significant(value)


def _points(specification: ChartSpecification) -> ChartTable:
    """Series whose positions differ stand below each other."""
    rows = [
        (series.name, _where(position, specification.x), *_cells(series, i, specification.y))
        for series in specification.series
        for i, position in enumerate(series.x)
    ]
    extra = ["Interval"] if any(s.low for s in specification.series) else []
    counted = ["n"] if any(s.n for s in specification.series) else []
    width = 3 + len(extra) + len(counted)
    head = ("Series", specification.x.title, specification.y.title, *extra, *counted)
    return ChartTable(head, tuple((*row, *[""] * (width - len(row))) for row in rows))


def _positions(specification: ChartSpecification) -> list[Position]:
    """Positions in the order of the first series that has them; a histogram's last edge is no position."""
    found: dict[Position, None] = {}
    for series in specification.series:
        found |= dict.fromkeys(series.x[: len(series.y)])
    positions = list(found)
    if all(isinstance(position, float | int) for position in positions):
        positions.sort(key=float)
    return positions


def _where(position: Position, axis: Axis) -> str:
    if isinstance(position, str):
        return position
    named = dict(axis.ticks).get(position)
    return named if named is not None else written(position, axis)


def _index(series: Series, position: Position) -> int | None:
    places = series.x[: len(series.y)]
    return places.index(position) if position in places else None


def _heads(series: Series) -> list[str]:
    return [series.name, *(["Interval"] if series.low else []), *(["n"] if series.n else [])]


def _cells(series: Series, index: int | None, axis: Axis) -> list[str]:
    if index is None:
        return ["" for _ in _heads(series)]
    cells = [written(series.y[index], axis)]
    if series.low:
        factor = 100 if axis.format == "percent" else 1
        low, high = series.low[index], series.high[index]
        ends = "" if low is None or high is None else numbers.interval(low * factor, high * factor)
        cells.append(ends)
    if series.n:
        cells.append(numbers.count(series.n[index]))
    return cells
