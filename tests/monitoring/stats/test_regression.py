import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from monitoring.stats.arrays import Floats
from monitoring.stats.regression import RegressionMeasures

values = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


def as_is(labels: Floats, predictions: Floats) -> dict[str, float]:
    measures = RegressionMeasures(labels, predictions, np.arange(len(labels)), len(labels))
    found = measures.measure(np.ones((1, len(labels)), dtype=np.int32))
    return {name: float(each[0]) for name, each in found.items()}


@given(st.lists(st.tuples(values, values), min_size=2, max_size=40))
def test_metrics_equal_those_of_scikit_learn(rows: list[tuple[float, float]]) -> None:
    labels, predictions = np.array(rows).T
    found = as_is(labels, predictions)
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(labels, predictions))
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(labels, predictions))
    assert found["bias"] == pytest.approx((predictions - labels).mean(), abs=1e-9)
    if (labels == labels[0]).all():
        assert np.isnan(found["r2"])
    else:
        assert found["r2"] == pytest.approx(reference.r2_score(labels, predictions), rel=1e-6, abs=1e-6)
    if (labels == 0).any():
        assert np.isnan(found["mape"])
    else:
        assert found["mape"] == pytest.approx(reference.mean_absolute_percentage_error(labels, predictions))
