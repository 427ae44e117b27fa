import numpy as np
import pytest
from scipy.optimize import minimize

from monitoring.stats.recalibration import Recalibration, fit, log_odds


def test_slope_and_intercept_are_those_of_maximum_likelihood() -> None:
    rng = np.random.default_rng(3)
    true = rng.beta(2, 4, 3_000)
    labels = (rng.random(3_000) < true).astype(np.float64)
    x = 1.7 * log_odds(true) + 0.4

    def loss(beta: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        eta = beta[0] + beta[1] * x
        return float((np.logaddexp(0, eta) - labels * eta).sum())

    found = fit(x, np.ones((1, 3_000)), labels[None])
    assert found["calibration_slope"][0] == pytest.approx(minimize(loss, [0, 1]).x[1], abs=1e-4)

    def with_slope_one(beta: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        return loss(np.array([beta[0], 1.0]))

    alone = minimize(with_slope_one, [0.0]).x[0]
    assert found["calibration_intercept"][0] == pytest.approx(alone, abs=1e-4)


def test_calibrated_scores_have_slope_one_and_intercept_zero() -> None:
    rng = np.random.default_rng(4)
    true = np.sort(rng.random(200_000))
    labels = (rng.random(200_000) < true).astype(np.float64)
    found = fit(log_odds(true), np.ones((1, 200_000)), labels[None])
    assert found["calibration_slope"][0] == pytest.approx(1, abs=0.02)
    assert found["calibration_intercept"][0] == pytest.approx(0, abs=0.03)


def test_a_thousand_cells_hardly_move_the_slope() -> None:
    rng = np.random.default_rng(5)
    true = np.sort(rng.beta(1, 3, 20_000))[::-1]
    positive = np.cumsum(rng.random(20_000) < true, dtype=np.int32)[None]
    total = np.arange(1, 20_001, dtype=np.int32)[None]
    coarse = Recalibration(true).measure(total, positive)
    exact = Recalibration(true, cells=20_000).measure(total, positive)
    for name in exact:
        assert coarse[name][0] == pytest.approx(exact[name][0], abs=2e-3)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [([0.4, 0.4, 0.4], [0, 1, 0]), ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]), ([0.1, 0.4, 0.9], [1, 1, 1])],
    ids=["equal scores", "separated outcomes", "one outcome"],
)
def test_no_slope_is_given_where_none_fits(scores: list[float], labels: list[int]) -> None:
    found = fit(log_odds(np.array(scores)), np.ones((1, len(scores))), np.array([labels], dtype=np.float64))
    assert np.isnan(found["calibration_slope"][0])
