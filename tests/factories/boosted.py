"""Small boosted trees, trained here, in their libraries' own formats."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import xgboost

FEATURES = ["carrier", "hour", "distance"]


@cache
def rows() -> pd.DataFrame:
    """Return rows with a column of words, gaps in a column of numbers, and what is to be learned of them."""
    rng = np.random.default_rng(11)
    hour = rng.integers(0, 24, 400).astype(np.float64)
    table = pd.DataFrame(
        {
            "carrier": rng.choice(["AA", "B6", "UA"], 400),
            "hour": np.where(rng.random(400) < 0.05, np.nan, hour),
            "distance": rng.integers(100, 2_500, 400),
        }
    )
    minutes = hour * 2 - 20 + 8 * (table["carrier"] == "UA") + rng.normal(size=400)
    return table.assign(late=(minutes > 5).astype(np.int64), minutes=minutes, third=pd.qcut(minutes, 3, labels=False))


def with_categories(table: pd.DataFrame) -> pd.DataFrame:
    """Return the features with words as categories, as the libraries are given them."""
    return table[FEATURES].astype({"carrier": "category"})


@dataclass(frozen=True)
class Made:
    """A file, its model, and what the model itself says of the rows."""

    data: bytes
    expected: np.ndarray[Any, Any]


LABELS = {"binary": "late", "multiclass": "third", "regression": "minutes"}


@cache
def lightgbm_file(task: str = "binary") -> Made:
    """Return a LightGBM model as its text file."""
    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    table = with_categories(rows())
    model = kind(n_estimators=6, num_leaves=5, verbose=-1, n_jobs=1).fit(table, rows()[LABELS[task]])
    return Made(model.booster_.model_to_string().encode(), _own(model, table, task))


@cache
def xgboost_file(task: str = "binary", form: str = "ubj", **options: Any) -> Made:
    """Return an XGBoost model as UBJSON or JSON."""
    kind = xgboost.XGBRegressor if task == "regression" else xgboost.XGBClassifier
    table = with_categories(rows())
    model = kind(n_estimators=6, max_depth=3, enable_categorical=True, n_jobs=1, **options)
    model.fit(table, rows()[LABELS[task]])
    return Made(bytes(model.get_booster().save_raw(form)), _own(model, table, task))


@cache
def catboost_file(task: str = "binary") -> Made:
    """Return a CatBoost model as its binary file."""
    kind = catboost.CatBoostRegressor if task == "regression" else catboost.CatBoostClassifier
    quiet = {"verbose": 0, "allow_writing_files": False, "thread_count": 1}
    model = kind(iterations=6, depth=3, cat_features=["carrier"], **quiet).fit(rows()[FEATURES], rows()[LABELS[task]])
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.cbm")
        model.save_model(str(path))
        return Made(path.read_bytes(), _own(model, rows()[FEATURES], task))


def _own(model: Any, table: pd.DataFrame, task: str) -> np.ndarray[Any, Any]:
    """Return what the model's own predict gives: values, probabilities by class, or that of the second class."""
    if task == "regression":
        return np.asarray(model.predict(table))
    probabilities = np.asarray(model.predict_proba(table))
    return probabilities[:, 1] if task == "binary" else probabilities


MAKERS = {"lightgbm": lightgbm_file, "xgboost": xgboost_file, "catboost": catboost_file}


@cache
def unnamed_file(kind: str) -> Made:
    """Return a model of two columns of numbers that were given without names."""
    table, label = rows()[["hour", "distance"]].to_numpy(dtype=np.float64), rows()["late"]
    if kind == "lightgbm":
        grown = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, n_jobs=1).fit(table, label)
        data = grown.booster_.model_to_string().encode()
        return Made(data, np.asarray(grown.predict_proba(table))[:, 1])
    if kind == "xgboost":
        boosted = xgboost.XGBClassifier(n_estimators=4, n_jobs=1).fit(table, label)
        return Made(bytes(boosted.get_booster().save_raw("ubj")), boosted.predict_proba(table)[:, 1])
    trees = catboost.CatBoostClassifier(iterations=4, verbose=0, allow_writing_files=False).fit(table, label)
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.cbm")
        trees.save_model(str(path))
        return Made(path.read_bytes(), trees.predict_proba(table)[:, 1])
