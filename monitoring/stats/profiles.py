"""Reference profiles: learning the grid of a column in bounded memory, and what its cells come to, as plain JSON.

Numbers in a profile are rounded to 12 significant digits, so that the same rows have the same digest whatever the order
in which parts of them were added up. One that is not finite (a sum that overflows) is null.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from monitoring.stats.arrays import Counts, Floats
from monitoring.stats.cells import (
    LevelGrid,
    LevelState,
    NumberGrid,
    NumberState,
    TimeGrid,
    TimeState,
    number_grid,
    time_grid,
)

DIGITS = 12
QUANTILES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Deciles and quartiles among them; NumPy's linear ones."""
MOST_DISTINCT = 10_000
"""Levels that are told apart while learning; more of them are counted as heavy hitters (Misra and Gries, 1982)."""
MOST_LEVELS = 1_000
"""Levels that a profile keeps, the commonest; all others are a remainder."""
SHAPE = 24
"""Bars of the small picture of a column."""
TAILS = 4.0
"""A range this many times as wide as that of the middle 98 % is drawn by that range, not by its outliers."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Profile:
    """One column: `summary` is short, `cells` is everything that a comparison needs."""

    kind: str
    """number, level, time, or other: only counted."""
    summary: Json
    cells: Json


@dataclass
class NumberLearner:
    """Keeps the finite numbers of every `step`-th row, counted over all batches."""

    step: int = 1
    _kept: list[Floats] = field(default_factory=list)
    _rows: int = 0

    def add(self, values: Floats) -> None:
        """Look at one batch, nulls as NaN."""
        kept = values[-self._rows % self.step :: self.step]
        self._kept.append(kept[np.isfinite(kept)])
        self._rows += len(values)

    def learned(self) -> tuple[NumberGrid, Json]:
        """Return the grid and the quantiles; what was kept is let go."""
        values = np.concatenate([np.zeros(0), *self._kept])
        self._kept.clear()
        with np.errstate(over="ignore", invalid="ignore"):
            found = np.quantile(values, QUANTILES) if len(values) else []
        quantiles = {f"{at:g}": rounded(float(value)) for at, value in zip(QUANTILES, found, strict=False)}
        grid = number_grid(values)
        if self.step > 1:  # rows that were passed over may hold other values
            grid = replace(grid, each_value=False)
        return grid, {"quantiles": quantiles, "quantiles_of": len(values)}


@dataclass
class LevelLearner:
    """Counts levels, all of them up to MOST_DISTINCT, then those that are common enough to outlast the pruning."""

    _seen: Counter[str] = field(default_factory=Counter)
    _pruned: bool = False

    def add(self, column: Any) -> None:
        """Look at one batch of text (see `cells.as_levels`)."""
        found = pc.value_counts(column.drop_null())
        for level, count in zip(found.field(0).to_pylist(), found.field(1).to_pylist(), strict=True):
            self._seen[level] += count
        if len(self._seen) > 2 * MOST_DISTINCT or (self._pruned and len(self._seen) > MOST_DISTINCT):
            self._prune()

    def learned(self) -> tuple[LevelGrid, Json]:
        """Return the grid, and how many levels there are: exact, or null where there are too many to tell."""
        if len(self._seen) > MOST_DISTINCT:
            self._pruned = True
        common = sorted(self._seen.items(), key=lambda one: (-one[1], one[0]))[:MOST_LEVELS]
        told = {
            "distinct": None if self._pruned else len(self._seen),
            "singletons": None if self._pruned else sum(count == 1 for count in self._seen.values()),
        }
        return LevelGrid(tuple(level for level, _ in common)), told

    def _prune(self) -> None:
        """Take the count of the first level too many from all: what is commoner than n / MOST_DISTINCT stays."""
        self._pruned = True
        taken = sorted(self._seen.values(), reverse=True)[MOST_DISTINCT]
        self._seen = Counter({level: count - taken for level, count in self._seen.items() if count > taken})


@dataclass
class TimeLearner:
    """Keeps the first and the last instant."""

    earliest: int | None = None
    latest: int | None = None

    def add(self, instants: Counts) -> None:
        """Look at one batch of microseconds since 1970, without the null ones."""
        if len(instants):
            low, high = int(instants.min()), int(instants.max())
            self.earliest = low if self.earliest is None else min(self.earliest, low)
            self.latest = high if self.latest is None else max(self.latest, high)

    def learned(self) -> TimeGrid:
        """Return the grid; of no instants, one empty period."""
        return time_grid(self.earliest or 0, self.latest or 0)


def number_profile(grid: NumberGrid, state: NumberState, learned: Mapping[str, Any]) -> Profile:
    """Return the profile of a column of numbers; the standard deviation has ddof 0."""
    quantiles = learned["quantiles"]
    spread = math.sqrt(state.m2 / state.n) if state.n and math.isfinite(state.m2) else None
    counts = {"n": state.n, "nulls": state.nulls, "nan": state.nan, "infinite": state.above + state.below}
    summary = {
        **counts,
        "minimum": rounded(state.minimum),
        "maximum": rounded(state.maximum),
        "mean": rounded(state.mean) if state.n else None,
        "sd": rounded(spread),
        "median": quantiles.get("0.5"),
        "shape": _shape(grid, state, quantiles),
    }
    cells = {
        "positive_infinities": state.above,
        "negative_infinities": state.below,
        "m2": rounded(state.m2) if state.n else None,
        **learned,
        "edges": [rounded(edge) for edge in grid.edges],
        "each_value": grid.each_value,
        "counts": list(state.counts),
        "sums": [rounded(one) for one in state.sums],
    }
    return Profile("number", summary, cells)


def level_profile(grid: LevelGrid, state: LevelState, learned: Mapping[str, Any]) -> Profile:
    """Return the profile of a column of text or booleans; levels come by count, equal ones by name."""
    found = sorted(zip(grid.levels, state.counts, strict=True), key=lambda one: (-one[1], one[0]))
    summary = {"n": state.n, "nulls": state.nulls, **learned, "commonest": found[0][0] if found else None}
    cells = {"levels": [{"level": level, "count": count} for level, count in found], "others": state.others}
    return Profile("level", summary, cells)


def time_profile(grid: TimeGrid, state: TimeState) -> Profile:
    """Return the profile of a column of dates or timestamps, in UTC."""
    summary = {
        "n": state.n,
        "nulls": state.nulls,
        "earliest": instant(state.minimum),
        "latest": instant(state.maximum),
        "shape": _folded(state.counts),
    }
    first = np.datetime64(grid.first, grid.unit)  # type: ignore[call-overload] # a unit that is known at run time
    cells = {"unit": grid.unit, "every": grid.every, "first": str(first), "counts": list(state.counts)}
    return Profile("time", summary, cells)


def other_profile(n: int, nulls: int) -> Profile:
    """Return the profile of a column whose values are only counted."""
    return Profile("other", {"n": n, "nulls": nulls}, {})


def bars(cells: Mapping[str, Any], low: float, high: float, count: int) -> list[float]:
    """Return how many rows lie in each of `count` bars of equal width: exact of each value, else spread over cells."""
    edges, counts = np.asarray(cells["edges"], dtype=float), np.asarray(cells["counts"], dtype=float)
    if not len(edges) or not high > low or not math.isfinite(high - low):
        return [0.0] * count
    ends = np.linspace(low, high, count + 1)
    if cells["each_value"]:
        inside = (edges >= low) & (edges <= high)
        held, _ = np.histogram(edges[inside], ends, weights=counts[:-1][inside])
        return [float(one) for one in held]
    below = np.interp(ends, edges, np.cumsum(counts[:-1]))
    below[0] = below[0] if low > edges[0] else 0.0  # what equals the least value lies in the first bar
    return [float(one) for one in np.diff(below)]


def drawn_range(minimum: float, maximum: float, quantiles: Mapping[str, float | None]) -> tuple[float, float]:
    """Return from where to where a column is drawn: all of it, or its middle 98 % where outliers would hide it."""
    low, high = quantiles.get("0.01"), quantiles.get("0.99")
    if low is None or high is None or not high > low or maximum - minimum <= TAILS * (high - low):
        return minimum, maximum
    return low, high


def rounded(value: float | None) -> float | None:
    """Return a number to 12 significant digits; null where it is none or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}") + 0.0  # no negative zero


def instant(microseconds: int | None) -> str | None:
    """Return an instant since 1970 as ISO 8601 in UTC."""
    return None if microseconds is None else f"{np.datetime64(microseconds, 'us')}Z"


def _shape(grid: NumberGrid, state: NumberState, quantiles: Mapping[str, float | None]) -> list[int]:
    if state.minimum is None or state.maximum is None:
        return []
    if grid.each_value and len(grid.edges) <= SHAPE:
        return list(state.counts[:-1])
    low, high = drawn_range(state.minimum, state.maximum, quantiles)
    cells = {"edges": grid.edges, "counts": state.counts, "each_value": grid.each_value}
    return [round(one) for one in bars(cells, low, high, SHAPE)]


def _folded(counts: Sequence[int]) -> list[int]:
    """Add up neighbouring periods to at most SHAPE bars."""
    step = -(-len(counts) // SHAPE)
    return [sum(counts[start : start + step]) for start in range(0, len(counts), step)]
