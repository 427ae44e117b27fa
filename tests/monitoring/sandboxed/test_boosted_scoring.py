"""What a booster is asked and refuses, here without the cage; the numbers are its library's own."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitoring.sandboxed.boosted_scoring import BoostedScorer
from monitoring.sandboxed.models import Wanted
from portal.core.sandbox.child import Refusal
from tests.factories.boosted import FEATURES, MAKERS, rows, unnamed_file, xgboost_file


def scorer(kind: str, data: bytes, task: str, *, positive: str | None = None, features: Any = ()) -> BoostedScorer:
    return BoostedScorer(kind, data, Wanted(task, tuple(features), positive))


def scores(one: BoostedScorer, table: pd.DataFrame) -> Any:
    return one.score(pa.RecordBatch.from_pandas(table[list(one.columns)], preserve_index=False))


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_scores_are_the_model_s_own(kind: str, task: str) -> None:
    made = MAKERS[kind](task)
    one = scorer(kind, made.data, task)
    np.testing.assert_allclose(scores(one, rows()), made.expected, rtol=1e-6, atol=1e-7)
    assert list(one.columns) == FEATURES
    assert one.kind == ("value" if task == "regression" else "probability")
    assert len(one.classes) == {"binary": 2, "multiclass": 3, "regression": 0}[task]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_batch_that_knows_fewer_words_scores_alike(kind: str) -> None:
    made = MAKERS[kind]("binary")
    some = rows()["carrier"] == "UA"
    found = scores(scorer(kind, made.data, "binary"), rows()[some])
    np.testing.assert_allclose(found, made.expected[some], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", MAKERS)
def test_the_other_class_can_count(kind: str) -> None:
    made = MAKERS[kind]("binary")
    found = scores(scorer(kind, made.data, "binary", positive="0"), rows())
    np.testing.assert_allclose(found, 1 - made.expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_plan_that_does_not_fit_is_refused_in_words(kind: str) -> None:
    data = MAKERS[kind]("binary").data
    for task in ("regression", "multiclass"):
        with pytest.raises(Refusal, match=f"says {task}, but the model"):
            scorer(kind, data, task)
    with pytest.raises(Refusal, match="no class “late”; its classes are 0, 1"):
        scorer(kind, data, "binary", positive="late")
    with pytest.raises(Refusal, match="Column “hour” holds text"):
        scores(scorer(kind, data, "binary"), rows().assign(hour="noon"))


@pytest.mark.parametrize("kind", MAKERS)
def test_features_without_names_are_declared_in_order(kind: str) -> None:
    made = unnamed_file(kind)
    with pytest.raises(Refusal, match="takes 2 columns and does not name them"):
        scorer(kind, made.data, "binary")
    with pytest.raises(Refusal, match="takes 2 columns, but 3 features"):
        scorer(kind, made.data, "binary", features=FEATURES)
    found = scores(scorer(kind, made.data, "binary", features=["hour", "distance"]), rows())
    np.testing.assert_allclose(found, made.expected, rtol=1e-6, atol=1e-7)


def test_values_of_a_regression_order_the_rows_of_a_binary_plan() -> None:
    made = MAKERS["lightgbm"]("regression")
    one = scorer("lightgbm", made.data, "binary")
    assert one.kind == "decision"
    np.testing.assert_allclose(scores(one, rows()), made.expected)


def test_labels_of_xgboost_are_told_as_labels() -> None:
    one = scorer("xgboost", xgboost_file("multiclass", objective="multi:softmax").data, "multiclass")
    assert one.kind == "label"
    assert scores(one, rows()).sum(axis=1).tolist() == [1.0] * len(rows())


def test_truth_values_and_decimals_with_gaps_are_numbers() -> None:
    one = scorer("lightgbm", unnamed_file("lightgbm").data, "binary", features=["hour", "distance"])
    table = rows().assign(distance=pd.Series([True, None] * 200, dtype=object))
    assert np.isfinite(scores(one, table)).all()


def test_catboost_is_given_no_gaps_among_categories() -> None:
    one = scorer("catboost", MAKERS["catboost"]("binary").data, "binary")
    with pytest.raises(Refusal, match="“carrier” has empty values"):
        scores(one, rows().assign(carrier=None))
