import numpy as np
import pytest

from monitoring.stats.arrays import NotMeasurable
from monitoring.stats.labels import binary_labels, number_labels


def test_numbers_become_outcomes_and_empty_rows_are_marked() -> None:
    found = binary_labels(np.array([0.0, 1.0, np.nan, 1.0]))
    assert (found.values.tolist(), found.known.tolist(), found.missing) == ([0, 1, 1], [True, True, False, True], 1)
    assert binary_labels(np.array([1.0, 2.0, 2.0]), positive="2").values.tolist() == [0, 1, 1]
    assert binary_labels(np.array([1.0, 0.0]), positive="true").values.tolist() == [1, 0]


def test_levels_become_outcomes() -> None:
    assert binary_labels(np.array([0, 1, -1]), ("late", "on time"), "late").values.tolist() == [1, 0]
    assert binary_labels(np.array([0, 1, 1]), ("no", "yes")).values.tolist() == [0, 1, 1]
    assert binary_labels(np.array([0, 0]), ("no",)).values.tolist() == [0, 0]
    assert binary_labels(np.array([-1, -1]), (), "late").missing == 2


def test_a_level_that_no_row_has_does_not_count() -> None:
    assert binary_labels(np.array([0, 1]), ("no", "yes", "perhaps"), "yes").values.tolist() == [0, 1]


def test_labels_that_are_no_pair_are_refused() -> None:
    with pytest.raises(NotMeasurable, match="the column has 3"):
        binary_labels(np.array([0.0, 1.0, 2.0]))
    with pytest.raises(NotMeasurable, match="names no positive one"):
        binary_labels(np.array([1.0, 2.0]))
    with pytest.raises(NotMeasurable, match="“late” is none"):
        binary_labels(np.array([1.0, 0.0]), positive="late")
    with pytest.raises(NotMeasurable, match="the column has 3"):
        binary_labels(np.array([0, 1, 2]), ("a", "b", "c"), "a")
    with pytest.raises(NotMeasurable, match="do not tell"):
        binary_labels(np.array([0, 1]), ("late", "on time"))


def test_numbers_for_regression_leave_out_empty_rows() -> None:
    assert number_labels(np.array([1.5, np.nan])).values.tolist() == [1.5]
