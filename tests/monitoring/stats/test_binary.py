import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from monitoring.stats.arrays import Flags, Floats
from monitoring.stats.binary import BinaryMeasures

THRESHOLD = 0.5


def as_is(labels: Flags, scores: Floats) -> dict[str, float]:
    unit = np.arange(len(labels))
    measures = BinaryMeasures(labels, scores, unit, len(labels), threshold=THRESHOLD)
    found = measures.measure(np.ones((1, len(labels)), dtype=np.int32))
    return {name: float(values[0]) for name, values in found.items()}


scored_rows = st.lists(
    st.tuples(st.booleans(), st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]))),
    min_size=2,
    max_size=60,
)


@given(scored_rows)
def test_metrics_equal_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = as_is(labels, scores)
    assert found["log_loss"] == pytest.approx(reference.log_loss(labels, scores, labels=[False, True]), abs=1e-9)
    assert found["brier"] == pytest.approx(np.mean((scores - labels) ** 2), abs=1e-9)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(labels, scores >= THRESHOLD), abs=1e-9)
    if labels.all() or not labels.any():
        assert np.isnan([found["auc"], found["average_precision"], found["ks"], found["calibration_slope"]]).all()
        return
    false, true, _ = reference.roc_curve(labels, scores)
    assert found["auc"] == pytest.approx(reference.roc_auc_score(labels, scores), abs=1e-9)
    assert found["average_precision"] == pytest.approx(reference.average_precision_score(labels, scores), abs=1e-9)
    assert found["ks"] == pytest.approx(np.abs(true - false).max(), abs=1e-9)
    assert found["recall"] == pytest.approx(reference.recall_score(labels, scores >= THRESHOLD), abs=1e-9)
    assert found["f1"] == pytest.approx(reference.f1_score(labels, scores >= THRESHOLD), abs=1e-9)
    if (scores >= THRESHOLD).any():
        assert found["precision"] == pytest.approx(reference.precision_score(labels, scores >= THRESHOLD), abs=1e-9)
    else:
        assert np.isnan(found["precision"])


@given(scored_rows, st.lists(st.integers(0, 5), min_size=1, max_size=5), st.integers(0, 2**32))
def test_weights_by_unit_equal_repeated_rows(rows: list[tuple[bool, float]], weights: list[int], seed: int) -> None:
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    unit = np.random.default_rng(seed).integers(0, len(weights), size=len(rows))
    times = np.array(weights)[unit]
    measures = BinaryMeasures(labels, scores, unit, len(weights), threshold=THRESHOLD)
    found = measures.measure(np.array([weights], dtype=np.int32))
    if not times.sum():
        assert np.isnan(found["log_loss"][0])
        return
    explicit = as_is(np.repeat(labels, times), np.repeat(scores, times))
    for name in set(explicit) - {"calibration_slope", "calibration_intercept"}:
        assert found[name][0] == pytest.approx(explicit[name], abs=1e-9, nan_ok=True), name


def test_positive_rate_and_calibration_gap_are_means() -> None:
    found = as_is(np.array([True, False, False, False]), np.array([0.9, 0.5, 0.2, 0.0]))
    assert found["positive_rate"] == 0.25
    assert found["calibration_gap"] == pytest.approx(0.4 - 0.25)
    assert found["selection_rate"] == 0.5
