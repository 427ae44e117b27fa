"""CatBoost's own binary files, opened by CatBoost; only ever in the cage."""

import struct
from typing import Any

import numpy as np
import pandas as pd

from portal.core.sandbox.child import Refusal
from registry.sandboxed.boosted import Boosted, Output, indices, library
from registry.sandboxed.tables import one_line

ONE_PROBABILITY = {"Logloss", "CrossEntropy"}
PROBABILITIES = {"MultiClass", "MultiClassOneVsAll"}
EXPONENTS = {"Poisson", "Tweedie"}


def load(data: bytes) -> Boosted:
    """Return the model in these bytes; raises Refusal when CatBoost does not read it, or is not installed."""
    catboost = library("catboost", "CatBoost")
    model = catboost.CatBoost()
    try:
        model.load_model(blob=data, format="cbm")
        names = tuple(str(name) for name in model.feature_names_ or ())
        objective = str(model.get_all_params().get("loss_function", "custom")).split(":", 1)[0]
        classes = tuple(str(label) for label in model.classes_)
        unread = [*model._get_text_feature_indices(), *model._get_embedding_feature_indices()]  # noqa: SLF001
        categorical = tuple(int(position) for position in model.get_cat_feature_indices())
        trees = int(model.tree_count_)
    except (catboost.CatBoostError, ValueError, TypeError, KeyError, struct.error) as error:
        raise Refusal(f"CatBoost can't load the model: {one_line(error)}") from None
    if unread:
        raise Refusal("The CatBoost model takes text or embeddings, which can't be fed from columns.")
    kind = _prediction(objective)

    def predict(table: pd.DataFrame) -> Output:
        for position in categorical:
            table = table.assign(**{table.columns[position]: _categories(table.iloc[:, position])})
        try:
            raw = np.asarray(model.predict(table, prediction_type=kind, thread_count=1))
        except catboost.CatBoostError as error:
            raise Refusal(f"The model can't score the rows: {one_line(error)}") from None
        return raw[:, 1] if objective in ONE_PROBABILITY else raw

    return Boosted(
        features=() if names == indices(len(names)) else names,
        count=len(names),
        objective=objective,
        gives="probability" if kind == "Probability" else "value",
        classes=(classes or indices(2)) if kind == "Probability" else (),
        categorical=categorical,
        trees=trees,
        predict=predict,
    )


def _prediction(objective: str) -> str:
    if objective in ONE_PROBABILITY | PROBABILITIES:
        return "Probability"
    return "Exponent" if objective in EXPONENTS else "RawFormulaVal"


def _categories(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column as the texts that CatBoost knows categories by; raises Refusal for empty values."""
    if column.isna().any():
        raise Refusal(f"Column “{column.name}” has empty values, which CatBoost's categories do not know.")
    if pd.api.types.is_float_dtype(column):
        raise Refusal(f"Column “{column.name}” holds numbers with fractions, but the model takes categories.")
    return column.astype(str).astype(object)
