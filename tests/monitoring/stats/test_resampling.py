import numpy as np
import pytest

from monitoring.stats.arrays import NotMeasurable
from monitoring.stats.resampling import draws, interval, units_of


def test_each_resample_draws_as_many_units_as_there_are() -> None:
    sets = np.concatenate(list(draws(rng=np.random.default_rng(1), units=37, rows=400_000, resamples=25)))
    assert sets.shape == (25, 37)
    assert (sets.sum(axis=1) == 37).all()
    assert len(np.unique(sets, axis=0)) == 25


def test_equal_values_share_a_unit_and_without_values_each_row_is_one() -> None:
    declared = units_of(4, np.array(["a", "b", "a", "b"]), "day")
    assert (declared.index.tolist(), declared.count, declared.name, declared.declared) == ([0, 1, 0, 1], 2, "day", True)
    alone = units_of(3, None, "day")
    assert (alone.count, alone.name, alone.declared) == (3, "row", False)
    with pytest.raises(NotMeasurable, match="4 rows, 3 units"):
        units_of(4, np.arange(3), "day")


def test_intervals_cover_a_mean_about_95_percent_of_the_time() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        sample = rng.normal(size=60)
        sets = np.concatenate(list(draws(rng=rng, units=60, rows=60, resamples=300)))
        found = interval(sets @ sample / 60, 60)
        assert found.lower is not None
        assert found.upper is not None
        covered += found.lower <= 0 <= found.upper
    assert 178 <= covered <= 200


def test_no_interval_without_enough_units_or_defined_resamples() -> None:
    assert interval(np.arange(100.0), 9).reason == "Only 9 resampling units; an interval needs 10."
    half = np.where(np.arange(100) < 50, np.nan, 1.0)
    assert interval(half, 50).reason == "Undefined in 50 of 100 resamples."
    assert interval(np.empty(0), 50).reason == "Too few resamples."
