import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from monitoring.stats.ranking import RankCurve

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.2, 0.7, 0.9]), st.integers(0, 3)), min_size=2, max_size=40
)


@given(ROWS)
def test_weights_count_as_repeated_rows_do_in_scikit_learn_ties_included(rows: list[tuple[bool, float, int]]) -> None:
    labels, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    values = RankCurve(labels, scores, np.arange(len(rows))).measure(weights[None, :].astype(np.int32))
    repeated, ranked = np.repeat(labels, weights), np.repeat(scores, weights)
    if repeated.all() or not repeated.any():
        assert np.isnan(values["auc"]).all()
        return
    assert values["auc"][0] == pytest.approx(metrics.roc_auc_score(repeated, ranked))
    assert values["average_precision"][0] == pytest.approx(metrics.average_precision_score(repeated, ranked))
    false, true, _ = metrics.roc_curve(repeated, ranked)
    assert values["ks"][0] == pytest.approx(np.abs(true - false).max())


def test_weights_come_by_unit() -> None:
    labels, scores = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1])
    curve = RankCurve(labels, scores, np.array([0, 0, 1, 1]))
    values = curve.measure(np.array([[1, 1], [2, 0]], dtype=np.int32), whole=False)
    assert values["auc"].tolist() == [0.75, 1.0]
    assert set(values) == {"auc"}
