import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from monitoring.stats import cells, profiles
from monitoring.stats.profiles import LevelLearner, NumberLearner, Profile, TimeLearner


def of_numbers(values: Any, step: int = 1) -> Profile:
    learner = NumberLearner(step=step)
    for part in np.array_split(values, 3):
        learner.add(part)
    grid, learned = learner.learned()
    return profiles.number_profile(grid, cells.count_numbers(values, 0, grid), learned)


def of_levels(values: list[str | None]) -> Profile:
    learner, column = LevelLearner(), pa.array(values, pa.large_string())
    learner.add(column)
    grid, learned = learner.learned()
    return profiles.level_profile(grid, cells.count_levels(column, grid), learned)


def test_figures_of_numbers_are_numpys() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=5_000)
    found = of_numbers(values)
    assert found.summary["mean"] == pytest.approx(values.mean(), rel=1e-11)
    assert found.summary["sd"] == pytest.approx(values.std(), rel=1e-11)
    assert found.summary["median"] == pytest.approx(np.median(values), rel=1e-11)
    deciles = [found.cells["quantiles"][f"{at / 10:g}"] for at in range(1, 10)]
    assert deciles == pytest.approx(np.quantile(values, np.arange(1, 10) / 10), rel=1e-11)
    assert sum(found.cells["counts"]) == found.summary["n"] == 5_000
    assert sum(found.cells["sums"]) == pytest.approx(values.sum(), rel=1e-9)
    assert sum(found.summary["shape"]) == pytest.approx(5_000, abs=20)


def test_a_profile_is_plain_json_whatever_the_numbers_are() -> None:
    for values in ([], [math.nan], [math.inf], [1e308, -1e308, 1e308], [0.0, -0.0], [5.0] * 9):
        found = of_numbers(np.array(values, dtype=np.float64))
        json.dumps([found.summary, found.cells], allow_nan=False)
    assert of_numbers(np.array([math.nan, math.inf])).summary | {"nan": 1, "infinite": 1, "mean": None} == (
        of_numbers(np.array([math.nan, math.inf])).summary
    )


def test_where_rows_are_passed_over_the_profile_says_of_how_many_the_quantiles_are() -> None:
    values = np.arange(9_000, dtype=np.float64)
    found = of_numbers(values, step=3)
    assert found.cells["quantiles_of"] == 3_000
    assert found.summary["median"] == pytest.approx(4_500, rel=0.01)
    assert found.summary["n"] == sum(found.cells["counts"]) == 9_000
    assert not of_numbers(np.ones(9), step=3).cells["each_value"]


def test_levels_come_by_count_and_single_ones_are_told() -> None:
    found = of_levels(["b", "a", "b", None, "c"])
    assert found.summary == {"n": 4, "nulls": 1, "distinct": 3, "singletons": 2, "commonest": "b"}
    assert [one["level"] for one in found.cells["levels"]] == ["b", "a", "c"]


def test_common_levels_outlast_a_flood_of_single_ones_and_are_counted_exactly() -> None:
    learner = LevelLearner()
    parts = [
        pa.array([f"id {part} {n}" for n in range(9_000)] + ["common"] * 500, pa.large_string()) for part in range(6)
    ]
    for part in parts:
        learner.add(part)
    grid, learned = learner.learned()
    whole = pa.concat_arrays(parts)
    found = profiles.level_profile(grid, cells.count_levels(whole, grid), learned)
    assert found.cells["levels"][0] == {"level": "common", "count": 3_000}
    assert (found.summary["distinct"], found.summary["singletons"]) == (None, None)
    assert len(found.cells["levels"]) == profiles.MOST_LEVELS
    assert found.cells["others"] == found.summary["n"] - sum(one["count"] for one in found.cells["levels"])


def test_times_say_from_when_to_when_and_how_many_a_period() -> None:
    learner, day = TimeLearner(), 86_400_000_000
    instants = np.array([0, day, day, 3 * day], dtype=np.int64)
    learner.add(instants[:2])
    learner.add(instants[2:])
    grid = learner.learned()
    found = profiles.time_profile(grid, cells.count_times(instants, 0, grid))
    assert (found.summary["earliest"], found.summary["latest"]) == (
        "1970-01-01T00:00:00.000000Z", "1970-01-04T00:00:00.000000Z",
    )  # fmt: skip
    assert (found.cells["unit"], found.cells["first"]) == ("h", "1970-01-01T00")
    assert sum(found.cells["counts"]) == 4
    assert len(found.summary["shape"]) <= profiles.SHAPE


def test_a_column_without_times_has_one_empty_period() -> None:
    grid = TimeLearner().learned()
    found = profiles.time_profile(grid, cells.no_times(grid))
    assert (found.summary["earliest"], found.cells["counts"]) == (None, [0])


def test_bars_are_exact_of_each_value_and_spread_over_cells_else() -> None:
    few = of_numbers(np.array([1.0] * 3 + [2.0] * 5 + [4.0] * 2)).cells
    assert profiles.bars(few, 1.0, 4.0, 3) == [3.0, 5.0, 2.0]
    many = of_numbers(np.arange(10_000, dtype=np.float64)).cells
    assert profiles.bars(many, 0.0, 9_999.0, 10) == pytest.approx([1_000] * 10, rel=0.01)
    assert sum(profiles.bars(many, 0.0, 9_999.0, 7)) == pytest.approx(10_000)
    assert profiles.bars(few, 1.0, 1.0, 3) == [0.0] * 3


def test_outliers_do_not_hide_the_rest_in_a_picture() -> None:
    assert profiles.drawn_range(0.0, 1e9, {"0.01": 0.0, "0.99": 10.0}) == (0.0, 10.0)
    assert profiles.drawn_range(0.0, 12.0, {"0.01": 0.0, "0.99": 10.0}) == (0.0, 12.0)
    assert profiles.drawn_range(0.0, 9.0, {"0.01": 5.0, "0.99": 5.0}) == (0.0, 9.0)
