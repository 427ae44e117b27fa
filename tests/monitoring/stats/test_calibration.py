import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.stats.calibration import Reliability, brier_parts, calibration_errors, equal_mass, equal_width, wilson
from monitoring.stats.resampling import draws


def calibrated(rows: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    rng = np.random.default_rng(6)
    scores = rng.beta(2, 3, rows)
    return (rng.random(rows) < scores).astype(np.float64), scores


def test_groups_hold_every_row_once_in_order_of_score() -> None:
    labels, scores = calibrated(1_003)
    groups = equal_mass(labels, scores)
    assert groups.n.sum() == 1_003
    assert set(groups.n.tolist()) <= {100, 101}
    assert (groups.lowest[1:] >= groups.highest[:-1]).all()
    wide = equal_width(labels, scores)
    assert (wide.highest - wide.lowest <= 0.1).all()


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=50))
def test_murphys_parts_add_up_to_the_brier_score(rows: list[tuple[bool, float]]) -> None:
    labels, scores = np.array(rows, dtype=np.float64).T
    parts = brier_parts(subject="candidate", labels=labels, scores=scores)
    assert parts.brier == pytest.approx(parts.reliability - parts.resolution + parts.uncertainty + parts.within)
    assert parts.brier == pytest.approx(((scores - labels) ** 2).mean())


def test_calibration_error_stands_beside_what_chance_alone_shows() -> None:
    labels, scores = calibrated(4_000)
    rng = np.random.default_rng(7)
    for error in calibration_errors(subject="candidate", labels=labels, scores=scores, rng=rng):
        assert 0 < error.expected < error.upper
        assert error.share_as_large > 0.01
    for error in calibration_errors(subject="candidate", labels=labels, scores=scores**2, rng=rng):
        assert error.value > error.upper
        assert error.share_as_large == 0


def test_reliability_groups_have_intervals_around_what_was_observed() -> None:
    labels, scores = calibrated(5_000)
    labels[scores < np.quantile(scores, 0.1)] = 0
    reliability = Reliability(labels=labels, scores=scores, unit=np.arange(5_000), units=5_000)
    for weights in draws(rng=np.random.default_rng(8), units=5_000, rows=5_000, resamples=200):
        reliability.add(weights)
    groups = reliability.table("candidate").groups
    assert len(groups) == 10
    for group in groups:
        assert group.lower is not None
        assert group.upper is not None
        assert group.lower <= group.observed < group.upper
    assert groups[0].observed == 0
    assert groups[0].upper == pytest.approx(wilson(0, 500)[1])


def test_score_interval_of_no_events_reaches_above_zero() -> None:
    lower, upper = wilson(0, 10)
    assert lower == 0
    assert upper == pytest.approx(0.2775, abs=1e-3)
