"""The bootstrap: whole units drawn with replacement, never stratified by outcome, as weights over per-row terms.

Efron and Tibshirani (1993), chapters 8 and 13: percentile intervals. Drawing units (days, customers) keeps the
dependence of rows within a unit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitoring.stats.arrays import AnyArray, Counts, Floats, NotMeasurable
from monitoring.stats.ranking import Weights

QUANTILES = (0.025, 0.975)
MINIMUM_UNITS = 10
"""Fewer units tell too little of how units differ: no interval."""
FEW_UNITS = 30
"""Below this, percentile intervals are somewhat too narrow."""
UNDEFINED_SHARE = 0.01
ROW_ELEMENTS = 1_000_000


@dataclass(frozen=True)
class Units:
    """Each row's unit as a number in 0..count−1, and what a unit is called ("row": rows assumed independent)."""

    index: Counts
    count: int
    name: str
    declared: bool


@dataclass(frozen=True)
class Interval:
    """The 2.5 and 97.5 % quantiles and the standard deviation of a measure's resamples, or why there are none."""

    lower: float | None
    upper: float | None
    standard_error: float | None
    reason: str = ""


def units_of(rows: int, values: AnyArray | None, name: str) -> Units:
    """Return the units of `rows` rows: equal `values` belong together; without values each row is its own unit."""
    if values is None:
        return Units(np.arange(rows), rows, "row", declared=False)
    if len(values) != rows:
        raise NotMeasurable(f"Rows differ: {rows} rows, {len(values)} units.")
    distinct, index = np.unique(values, return_inverse=True)
    return Units(index.astype(np.int64), len(distinct), name, declared=True)


def draws(*, rng: np.random.Generator, units: int, rows: int, resamples: int) -> Iterator[Weights]:
    """Yield how often each unit is drawn, in chunks of sets (sets by units), a few MB each; `resamples` sets in all."""
    chunk = max(1, min(resamples, ROW_ELEMENTS // max(rows, units, 1)))
    for start in range(0, resamples, chunk):
        sets = min(chunk, resamples - start)
        weights: Weights = np.empty((sets, units), dtype=np.int32)
        for one in range(sets):
            weights[one] = np.bincount(rng.integers(0, units, size=units), minlength=units)
        yield weights


def interval(resampled: Floats, units: int) -> Interval:
    """Return the percentile interval of a measure's `resampled` values; NaN marks resamples where it is undefined."""
    if units < MINIMUM_UNITS:
        return Interval(None, None, None, f"Only {units} resampling units; an interval needs {MINIMUM_UNITS}.")
    defined = resampled[np.isfinite(resampled)]
    undefined = len(resampled) - len(defined)
    if undefined > UNDEFINED_SHARE * len(resampled):
        return Interval(None, None, None, f"Undefined in {undefined:,} of {len(resampled):,} resamples.")
    if len(defined) < 2:  # noqa: PLR2004 - one value has no spread
        return Interval(None, None, None, "Too few resamples.")
    lower, upper = np.quantile(defined, QUANTILES)
    return Interval(float(lower), float(upper), float(defined.std(ddof=1)))
