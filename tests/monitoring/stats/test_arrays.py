import numpy as np
import pytest

from monitoring.stats.arrays import NotMeasurable, equal_mass_edges, finite, outcomes, probabilities, same_length


def test_what_is_not_finite_is_counted() -> None:
    with pytest.raises(NotMeasurable, match="scores: 2 of 3 are NaN or infinite"):
        finite(np.array([1.0, np.nan, np.inf]), "scores")
    with pytest.raises(NotMeasurable, match="one number a row is needed"):
        finite(np.zeros((2, 2)), "scores")
    with pytest.raises(NotMeasurable, match="1 of 2 lie outside 0 to 1"):
        probabilities(np.array([0.5, 1.01]), "scores")
    with pytest.raises(NotMeasurable, match="1 of 2 are neither 0 nor 1"):
        outcomes(np.array([0, 0.5]))


def test_good_values_come_back_in_the_engines_kind() -> None:
    assert finite(np.array([1, 2]), "x").dtype == np.float64
    assert outcomes(np.array([0, 1])).tolist() == [False, True]
    assert outcomes(np.array([True, False])).tolist() == [True, False]


def test_arrays_share_one_length_above_none() -> None:
    assert same_length([("a", np.zeros(3)), ("b", np.ones(3))]) == 3
    with pytest.raises(NotMeasurable, match="Rows differ: a 3, b 2"):
        same_length([("a", np.zeros(3)), ("b", np.ones(2))])
    with pytest.raises(NotMeasurable, match="There are no rows"):
        same_length([("a", np.empty(0))])


def test_groups_are_of_as_equal_size_as_can_be() -> None:
    assert equal_mass_edges(10, 4).tolist() == [0, 2, 5, 8, 10]
    assert equal_mass_edges(2, 10).tolist() == [0, 1, 2]
