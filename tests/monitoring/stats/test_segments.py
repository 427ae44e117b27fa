import numpy as np
import pytest

from monitoring.stats.arrays import NotMeasurable
from monitoring.stats.segments import LARGEST_LEVELS, Slice, all_levels, levels_of, slice_of


def test_levels_come_largest_first_with_rows_and_events() -> None:
    labels = np.array([True, False, True, True, False])
    found = levels_of(
        column="c", values=np.array(["b", "a", "b", "b", "a"]), labels=labels, minimum_rows=3, minimum_events=0
    )
    assert [(one.level, one.rows.tolist(), one.events, one.problem) for one in found] == [
        ("b", [0, 2, 3], 3, ""),
        ("a", [1, 4], 0, "2 rows; 3 are needed."),
    ]


def test_too_few_events_are_not_assessed() -> None:
    labels = np.arange(100) < 98
    (found,) = levels_of(column="c", values=np.zeros(100), labels=labels, minimum_rows=10, minimum_events=5)
    assert found.problem == "2 rows of the rarer outcome; 5 are needed."


def test_rows_without_a_value_are_a_level_of_their_own() -> None:
    values = np.array(["x", None, "(no value)"], dtype=object)
    found = levels_of(column="c", values=values, labels=None, minimum_rows=1, minimum_events=0)
    assert sorted(one.level for one in found) == ["(no value)", "(no value) (2)", "x"]
    assert sum(len(one.rows) for one in found) == 3


def test_many_numbers_are_cut_into_bands_and_few_are_not() -> None:
    bands = slice_of(np.arange(1_000.0))
    assert bands.levels[0] == "0 to 199.8"
    assert np.bincount(bands.codes).tolist() == [200] * 5
    assert slice_of(np.array([1.0, 2.0, np.nan])).codes.tolist() == [0, 1, -1]
    assert slice_of(np.array([True, False])).levels == ("False", "True")
    assert len(slice_of(np.arange(50)).levels) == 5


def test_levels_past_the_largest_are_put_together() -> None:
    codes = np.repeat(np.arange(LARGEST_LEVELS + 7), 2)
    values = Slice(codes, tuple(str(code) for code in range(LARGEST_LEVELS + 7)))
    found = levels_of(column="c", values=values, labels=None, minimum_rows=1, minimum_events=0)
    assert (len(found), found[-1].level, len(found[-1].rows)) == (LARGEST_LEVELS + 1, "(other levels)", 14)


def test_long_names_are_cut_and_stay_distinct() -> None:
    values = Slice(np.array([0, 1, 2]), ("x" * 300 + "a", "x" * 300 + "b", ""))
    names = {one.level for one in levels_of(column="c", values=values, labels=None, minimum_rows=1)}
    assert len(names) == 3
    assert max(map(len, names)) <= 200
    assert "(empty text)" in names


def test_slices_that_do_not_fit_are_refused() -> None:
    with pytest.raises(NotMeasurable, match="3 rows, 2 in slice c"):
        all_levels(slices={"c": np.array(["a", "b"])}, labels=None, rows=3, minimum_rows=1, minimum_events=1)
    with pytest.raises(NotMeasurable, match="stands for no level"):
        levels_of(column="c", values=Slice(np.array([0, 5]), ("a",)), labels=None)
