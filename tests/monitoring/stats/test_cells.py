"""Parts add up to the whole: any order, any split."""

import math
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats import cells
from monitoring.stats.cells import LevelGrid, NumberGrid, NumberState, TimeGrid

NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=32)
PARTS = st.lists(st.lists(NUMBERS, max_size=30), min_size=1, max_size=6)
HALF_DAY = 12 * 3_600_000_000


def array(values: list[float]) -> Any:
    return np.array(values, dtype=np.float64)


def close(one: float, other: float, scale: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9 * scale)


def same(one: NumberState, other: NumberState, scale: float) -> bool:
    exact = ("n", "nulls", "nan", "above", "below", "minimum", "maximum", "counts")
    return (
        all(getattr(one, name) == getattr(other, name) for name in exact)
        and close(one.mean, other.mean, scale)
        and close(one.m2, other.m2, scale * scale)
        and all(close(a, b, scale) for a, b in zip(one.sums, other.sums, strict=True))
    )


@given(parts=PARTS, order=st.randoms(use_true_random=False))
def test_numbers_of_parts_are_the_numbers_of_the_whole(parts: list[list[float]], order: Any) -> None:
    whole = array([value for part in parts for value in part])
    finite = whole[np.isfinite(whole)]
    grid = cells.number_grid(finite)
    order.shuffle(parts)
    states = [cells.count_numbers(array(part), len(part), grid) for part in parts]
    merged = reduce(cells.merge_numbers, states, cells.no_numbers(grid))
    scale = 1.0 + float(np.abs(finite).sum())
    assert same(merged, cells.count_numbers(whole, len(whole), grid), scale)
    assert sum(merged.counts) == merged.n == len(finite)
    if merged.n:
        assert close(merged.mean, float(finite.mean()), scale)
        assert close(merged.m2, float(finite.var() * len(finite)), scale * scale)


@given(parts=st.lists(st.lists(st.sampled_from(["a", "b", "c", None, ""]), max_size=20), min_size=1))
def test_levels_of_parts_are_the_levels_of_the_whole(parts: list[list[str | None]]) -> None:
    grid = LevelGrid(("b", "", "z"))
    text = [pa.array(part, pa.large_string()) for part in parts]
    merged = reduce(cells.merge_levels, (cells.count_levels(part, grid) for part in text), cells.no_levels(grid))
    whole = [value for part in parts for value in part]
    assert merged.counts == (whole.count("b"), whole.count(""), 0)
    assert (merged.nulls, merged.n) == (whole.count(None), len(whole) - whole.count(None))
    assert merged.others == whole.count("a") + whole.count("c")


@given(parts=st.lists(st.lists(st.integers(-(10**15), 4 * 10**15), max_size=20), min_size=1))
def test_times_of_parts_are_the_times_of_the_whole(parts: list[list[int]]) -> None:
    whole = np.array([value for part in parts for value in part], dtype=np.int64)
    grid = cells.time_grid(int(whole.min()), int(whole.max())) if len(whole) else TimeGrid("D", 1, 0, 1)
    states = [cells.count_times(np.array(part, dtype=np.int64), 1, grid) for part in parts]
    merged = reduce(cells.merge_times, states, cells.no_times(grid))
    assert sum(merged.counts) == merged.n == len(whole)
    assert (merged.outside, merged.nulls) == (0, len(parts))
    assert grid.periods <= cells.MOST_PERIODS
    if len(whole):
        assert (merged.minimum, merged.maximum) == (whole.min(), whole.max())


def test_cells_are_right_closed_and_a_window_falls_below_and_above_the_reference() -> None:
    grid = NumberGrid((1.0, 2.0), each_value=True)
    state = cells.count_numbers(array([0.5, 1.0, 1.5, 2.0, 2.5, math.inf, math.nan]), 3, grid)
    assert state.counts == (2, 2, 1)
    assert state.sums == (1.5, 3.5, 2.5)
    assert (state.nulls, state.nan, state.above, state.below) == (3, 1, 1, 0)


def test_few_values_are_cells_each_and_many_are_cut_at_quantiles() -> None:
    few = cells.number_grid(array([3.0, 1.0, 1.0]))
    assert (few.edges, few.each_value) == ((1.0, 3.0), True)
    many = cells.number_grid(np.arange(10_000, dtype=np.float64))
    assert not many.each_value
    counts = cells.count_numbers(np.arange(10_000, dtype=np.float64), 0, many).counts
    assert len(counts) == cells.MOST_EDGES + 1
    assert max(counts) <= 26, "about 25 values a cell"


def test_an_outlier_leaves_the_cells_of_all_others() -> None:
    rows = np.random.default_rng(7).normal(size=20_000)
    without, with_one = cells.number_grid(rows), cells.number_grid(np.append(rows, 1e9))
    assert np.allclose(without.edges[1:-1], with_one.edges[1:-1], atol=0.02)


@pytest.mark.parametrize(("days", "unit"), [(1, "h"), (300, "D"), (3_000, "M"), (36_500, "Y"), (3_650_000 // 2, "Y")])
def test_periods_are_as_long_as_the_span_needs(days: int, unit: str) -> None:
    grid = cells.time_grid(0, days * 2 * HALF_DAY)
    assert grid.unit == unit
    assert grid.periods <= cells.MOST_PERIODS


def test_instants_before_1970_lie_in_their_own_day() -> None:
    grid = TimeGrid("D", 1, -1, 2)
    assert cells.count_times(np.array([-1, 0, -2 * HALF_DAY, 2 * HALF_DAY]), 0, grid).counts == (2, 1)


def test_long_levels_that_begin_alike_are_one() -> None:
    text = cells.as_levels(pa.array(["x" * 300, "x" * 400, None, "é"]))
    assert text.to_pylist() == ["x" * 200, "x" * 200, None, "é"]
    assert cells.as_levels(pa.array([True, False])).to_pylist() == ["true", "false"]
