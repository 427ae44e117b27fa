"""Cells: what a column holds, counted in one pass, so that parts of the rows add up to the whole in any order.

A grid says which cells there are and is learned once, from the reference; a state is what some rows come to in these
cells. States of one grid merge: counts to the same integers, sums, means and variances to about 1e-12 of their size.
Source of the merge of moments: Chan, Golub and LeVeque (1979).
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.stats.arrays import Counts, Floats

Number = TypeVar("Number", int, float)

MOST_EDGES = 401
"""Edges at equal steps of probability, ends included: 400 cells."""
MOST_PERIODS = 400
LEVEL_LENGTH = 200
"""Characters of a level that count: longer ones that begin alike are one level."""


@dataclass(frozen=True)
class NumberGrid:
    """Right-closed cells between rising edges, one below the first and one above the last.

    `each_value`: the reference has so few values that each is an edge, whose cell holds nothing else of it.
    """

    edges: tuple[float, ...]
    each_value: bool


@dataclass(frozen=True)
class NumberState:
    """Numbers in the cells of a grid; only finite ones are in cells and moments, `m2` is n times the variance."""

    n: int
    nulls: int
    nan: int
    above: int
    """Positive infinities."""
    below: int
    """Negative infinities."""
    minimum: float | None
    maximum: float | None
    mean: float
    m2: float
    counts: tuple[int, ...]
    sums: tuple[float, ...]


@dataclass(frozen=True)
class LevelGrid:
    """The levels that are counted apart; all others are a remainder."""

    levels: tuple[str, ...]


@dataclass(frozen=True)
class LevelState:
    """Levels in the cells of a grid; `n` are the values that are there."""

    n: int
    nulls: int
    counts: tuple[int, ...]
    others: int


@dataclass(frozen=True)
class TimeGrid:
    """Periods of `every` hours, days, months or years (`unit` h, D, M, Y of NumPy), from the `first` one since 1970."""

    unit: str
    every: int
    first: int
    periods: int


@dataclass(frozen=True)
class TimeState:
    """Instants in the periods of a grid, in microseconds since 1970 UTC."""

    n: int
    nulls: int
    minimum: int | None
    maximum: int | None
    counts: tuple[int, ...]
    outside: int


def number_grid(values: Floats) -> NumberGrid:
    """Return the grid of finite reference values: each value where there are few, else edges at their quantiles."""
    distinct = np.unique(values)
    if len(distinct) <= MOST_EDGES:
        return NumberGrid(tuple(distinct.tolist()), each_value=True)
    with np.errstate(over="ignore", invalid="ignore"):
        edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, MOST_EDGES)))
    return NumberGrid(tuple(edges[np.isfinite(edges)].tolist()), each_value=False)


def no_numbers(grid: NumberGrid) -> NumberState:
    """Return the state of no rows."""
    cells = len(grid.edges) + 1
    return NumberState(0, 0, 0, 0, 0, None, None, 0.0, 0.0, (0,) * cells, (0.0,) * cells)


def count_numbers(values: Floats, nulls: int, grid: NumberGrid) -> NumberState:
    """Count values (without the null ones, whose number is `nulls`) in the cells of a grid."""
    finite = np.sort(values[np.isfinite(values)])
    ends = np.searchsorted(finite, np.asarray(grid.edges), side="right")
    starts = np.concatenate([[0], ends]).astype(np.int64)
    counts = np.diff(np.concatenate([starts, [len(finite)]]))
    n = len(finite)
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _sums(finite, starts, counts)
        mean = float(finite.mean()) if n else 0.0
        m2 = float(np.square(finite - mean).sum()) if n else 0.0
    return NumberState(
        n=n,
        nulls=nulls,
        nan=int(np.isnan(values).sum()),
        above=int(np.isposinf(values).sum()),
        below=int(np.isneginf(values).sum()),
        minimum=float(finite[0]) if n else None,
        maximum=float(finite[-1]) if n else None,
        mean=mean,
        m2=m2,
        counts=tuple(counts.tolist()),
        sums=tuple(sums.tolist()),
    )


def merge_numbers(one: NumberState, other: NumberState) -> NumberState:
    """Return the state of the rows of both, counted in the same grid."""
    n = one.n + other.n
    share, apart = (other.n / n if n else 0.0), other.mean - one.mean
    return NumberState(
        n=n,
        nulls=one.nulls + other.nulls,
        nan=one.nan + other.nan,
        above=one.above + other.above,
        below=one.below + other.below,
        minimum=_least(one.minimum, other.minimum),
        maximum=_most(one.maximum, other.maximum),
        mean=one.mean + apart * share,
        m2=one.m2 + other.m2 + apart * apart * one.n * share,
        counts=_added(one.counts, other.counts),
        sums=tuple(a + b for a, b in zip(one.sums, other.sums, strict=True)),
    )


def as_levels(column: Any) -> Any:
    """Return an Arrow column of text or booleans as text, each value cut at LEVEL_LENGTH characters."""
    return pc.utf8_slice_codeunits(column.cast(pa.large_string()), 0, LEVEL_LENGTH)


def no_levels(grid: LevelGrid) -> LevelState:
    """Return the state of no rows."""
    return LevelState(0, 0, (0,) * len(grid.levels), 0)


def count_levels(column: Any, grid: LevelGrid) -> LevelState:
    """Count the values of an Arrow column of text (see `as_levels`) in the levels of a grid."""
    n = len(column) - column.null_count
    known = pa.array(grid.levels, pa.large_string())
    found = pc.index_in(column.drop_null(), value_set=known).drop_null()
    places = np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)
    counts = np.bincount(places, minlength=len(grid.levels))
    return LevelState(n, column.null_count, tuple(counts.tolist()), n - len(places))


def merge_levels(one: LevelState, other: LevelState) -> LevelState:
    """Return the state of the rows of both, counted in the same grid."""
    return LevelState(
        one.n + other.n, one.nulls + other.nulls, _added(one.counts, other.counts), one.others + other.others
    )


def time_grid(earliest: int, latest: int) -> TimeGrid:
    """Return periods that cover two instants (microseconds since 1970): hours, days, months or years, at most 400."""
    for unit in ("h", "D", "M"):
        first, last = (int(one) for one in _periods(np.array([earliest, latest], dtype=np.int64), unit))
        if last - first < MOST_PERIODS:
            return TimeGrid(unit, 1, first, last - first + 1)
    first, last = (int(one) for one in _periods(np.array([earliest, latest], dtype=np.int64), "Y"))
    every = -(-(last - first + 1) // MOST_PERIODS)
    return TimeGrid("Y", every, first, (last - first) // every + 1)


def no_times(grid: TimeGrid) -> TimeState:
    """Return the state of no rows."""
    return TimeState(0, 0, None, None, (0,) * grid.periods, 0)


def count_times(instants: Counts, nulls: int, grid: TimeGrid) -> TimeState:
    """Count instants (microseconds since 1970, without the null ones) in the periods of a grid."""
    places = (_periods(instants, grid.unit) - grid.first) // grid.every
    inside = places[(places >= 0) & (places < grid.periods)]
    counts = np.bincount(inside, minlength=grid.periods)
    n = len(instants)
    return TimeState(
        n,
        nulls,
        int(instants.min()) if n else None,
        int(instants.max()) if n else None,
        tuple(counts.tolist()),
        n - len(inside),
    )


def merge_times(one: TimeState, other: TimeState) -> TimeState:
    """Return the state of the rows of both, counted in the same grid."""
    return TimeState(
        one.n + other.n,
        one.nulls + other.nulls,
        _least(one.minimum, other.minimum),
        _most(one.maximum, other.maximum),
        _added(one.counts, other.counts),
        one.outside + other.outside,
    )


def _sums(finite: Floats, starts: Counts, counts: Counts) -> Floats:
    """Add up sorted values by cell."""
    sums: Floats = np.zeros(len(counts))
    filled = counts > 0
    if filled.any():
        sums[filled] = np.add.reduceat(finite, starts[filled])
    return sums


def _periods(instants: Counts, unit: str) -> Counts:
    """Return in which period since 1970 each instant lies."""
    found: Counts = instants.view("datetime64[us]").astype(f"datetime64[{unit}]").astype(np.int64)
    return found


def _added(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _least(one: Number | None, other: Number | None) -> Number | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _most(one: Number | None, other: Number | None) -> Number | None:
    return max((value for value in (one, other) if value is not None), default=None)
