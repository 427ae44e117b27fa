"""How far the axes of a chart reach, so that page and paper show the same stretch."""

from collections.abc import Iterable
from itertools import chain

from portal.charts.specification import ChartSpecification

MARGIN = 0.06
"""Free space beyond the outermost value, as a share of the stretch."""
AFLOAT = frozenset({"intervals", "scatter"})
"""Kinds of chart that do not stand on zero: a mark at zero needs space around it like any other."""


def value_range(specification: ChartSpecification) -> tuple[float, float]:
    """Return from where to where the value axis reaches; it takes in intervals, thresholds and marks."""
    shown = [v for s in specification.series for v in chain(s.y, s.low, s.high) if v is not None]
    shown += [limit.value for limit in specification.thresholds]
    shown += [mark.y for mark in specification.marks]
    if specification.kind in {"bar", "histogram", "reliability"}:
        shown.append(0.0)
    if specification.kind == "reliability":
        shown += [float(x) for s in specification.series for x in s.x]
    stands = specification.kind not in AFLOAT
    return _stretch(shown, specification.y.start, specification.y.end, stands_on_zero=stands)


def position_range(specification: ChartSpecification) -> tuple[float, float] | None:
    """Return from where to where the position axis reaches; None where positions are names."""
    if specification.kind == "reliability":
        return value_range(specification)
    places = [x for s in specification.series for x in s.x]
    if any(isinstance(place, str) for place in places):
        return None
    numbers = [float(place) for place in places] + [mark.x for mark in specification.marks]
    numbers += [end for band in specification.bands for end in (band.start, band.end)]
    free = 0.0 if specification.kind == "histogram" else MARGIN / 2
    return _stretch(numbers, specification.x.start, specification.x.end, free)


def names(specification: ChartSpecification) -> list[str]:
    """Return the names of bars or rows, in the order of first appearance."""
    return list(dict.fromkeys(str(x) for s in specification.series for x in s.x))


def empty_rows(specification: ChartSpecification) -> list[int]:
    """Return the rows of a chart of intervals for which no series has a value."""
    if specification.kind != "intervals":
        return []
    known = {str(x) for s in specification.series for x, value in zip(s.x, s.y, strict=True) if value is not None}
    return [row for row, name in enumerate(names(specification)) if name not in known]


def runs(values: Iterable[object]) -> list[list[int]]:
    """Return the indices of values that are there, in stretches without a gap."""
    found: list[list[int]] = []
    last = -2
    for i, value in enumerate(values):
        if value is None:
            continue
        if i != last + 1:
            found.append([])
        found[-1].append(i)
        last = i
    return found


def _stretch(
    shown: list[float],
    start: float | None,
    end: float | None,
    free: float = MARGIN,
    *,
    stands_on_zero: bool = True,
) -> tuple[float, float]:
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    spread = (high - low) or abs(high) or 1.0
    first = 0.0 if low == 0 and stands_on_zero else low - free * spread
    last = 0.0 if high == 0 and stands_on_zero else high + free * spread
    first = start if start is not None else first
    last = end if end is not None else last
    return (first, last) if last > first else (first, first + spread)
