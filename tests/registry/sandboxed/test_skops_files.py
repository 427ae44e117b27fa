import io
from typing import Any

import pytest
import skops.io
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from portal.core.sandbox.child import Refusal
from registry.sandboxed.skops_files import estimators_in, inspect, load, signature_of
from tests.factories.registry_files import skops_model

ROWS, LABELS = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [0, 0, 1, 1]


class Ours:
    """A type that no list names."""


def test_a_sound_model_is_described() -> None:
    signature, details, notes = inspect(io.BytesIO(skops_model()))
    assert [one["name"] for one in signature["inputs"]] == ["mean radius", "mean texture"]
    assert signature["outputs"] == [
        {"name": "probability", "type": "float64", "shape": [None, 2], "classes": ["0", "1"]}
    ]
    assert (details["estimators"], notes) == (["sklearn.linear_model._logistic.LogisticRegression"], [])


@pytest.mark.parametrize(
    ("estimator", "output"),
    [(LogisticRegression(), "probability"), (LinearSVC(), "label"), (LinearRegression(), "prediction")],
)
def test_outputs_are_what_the_estimator_gives(estimator: Any, output: str) -> None:
    signature = signature_of(estimator.fit(ROWS, LABELS))
    assert signature["inputs"] == [{"name": "X", "type": "table", "shape": [None, 2]}]
    assert [one["name"] for one in signature["outputs"]] == [output]


def test_what_is_no_fitted_estimator_has_no_outputs() -> None:
    assert signature_of({})["outputs"] == []


def test_steps_are_named() -> None:
    found = estimators_in(make_pipeline(StandardScaler(), LogisticRegression()))
    assert [name.rsplit(".", 1)[1] for name in found] == ["Pipeline", "StandardScaler", "LogisticRegression"]


def test_types_that_are_on_no_list_are_refused() -> None:
    data = skops.io.dumps(LogisticRegression(C=Ours()))
    with pytest.raises(Refusal, match="not allowed"):
        load(io.BytesIO(data))


def test_a_cut_file_is_refused() -> None:
    with pytest.raises(Refusal, match="broken"):
        load(io.BytesIO(skops_model()[:-40]))
