"""XGBoost's own files (UBJSON and JSON), opened by XGBoost; only ever in the cage."""

import json
from typing import Any

import numpy as np
import pandas as pd

from portal.core.sandbox.child import Refusal
from registry.sandboxed.boosted import Boosted, Output, indices, library
from registry.sandboxed.tables import one_line

ONE_PROBABILITY = {"binary:logistic", "reg:logistic"}
PROBABILITIES = {"multi:softprob"}
LABELS = {"multi:softmax", "binary:hinge"}
CATEGORY = "c"


def load(data: bytes) -> Boosted:
    """Return the model in these bytes; raises Refusal when XGBoost does not read it, or is not installed."""
    xgboost = library("xgboost", "XGBoost")
    booster = xgboost.Booster()
    try:
        with xgboost.config_context(verbosity=0):
            booster.load_model(bytearray(data))
            learner: dict[str, Any] = json.loads(booster.save_config())["learner"]
            names = tuple(str(name) for name in booster.feature_names or ())
            objective = str(learner["objective"]["name"])
            classes = int(learner["learner_model_param"].get("num_class") or 0)
            best = booster.attr("best_iteration")
            rounds = (0, int(best) + 1) if best is not None else (0, 0)
            count, trees, types = booster.num_features(), booster.num_boosted_rounds(), booster.feature_types or []
    except UnicodeDecodeError:  # XGBoost quotes the bytes that it did not understand
        raise Refusal("XGBoost can't load the model: the file is cut short or damaged.") from None
    except (xgboost.core.XGBoostError, ValueError, TypeError, KeyError) as error:
        raise Refusal(f"XGBoost can't load the model: {_first_line(error)}") from None
    categorical = tuple(position for position, kind in enumerate(types) if kind == CATEGORY)
    levels = bool(categorical) and _has_categories(booster)

    def predict(table: pd.DataFrame) -> Output:
        for position in categorical:
            name = table.columns[position]
            if levels:
                table = table.assign(**{name: table[name].astype("category")})
            elif not pd.api.types.is_numeric_dtype(table[name]):
                raise Refusal(
                    f"Column “{name}” holds text, but the file keeps no categories. Save it with XGBoost 3.1."
                )
        try:
            if levels:
                rows = xgboost.DMatrix(table, enable_categorical=True)
            else:
                numbers, named = table.to_numpy(dtype=np.float64), list(names) or None
                rows = xgboost.DMatrix(numbers, feature_names=named, feature_types=types or None)
            return np.asarray(booster.predict(rows, iteration_range=rounds))
        except xgboost.core.XGBoostError as error:
            raise Refusal(f"The model can't score the rows: {_first_line(error)}") from None

    return Boosted(
        features=names,
        count=count,
        objective=objective,
        gives=_gives(objective),
        classes=indices(classes or 2) if _gives(objective) != "value" else (),
        categorical=categorical,
        trees=trees,
        predict=predict,
        notes=(f"Scored up to its best iteration, {best}.",) if best is not None else (),
    )


def _gives(objective: str) -> str:
    if objective in ONE_PROBABILITY | PROBABILITIES:
        return "probability"
    return "label" if objective in LABELS else "value"


def _has_categories(booster: Any) -> bool:
    """Tell whether the file keeps which texts its categories stand for; XGBoost before 3.1 kept none."""
    try:
        kept = booster.get_categories(export_to_arrow=True)
        return kept is not None and any(levels is not None for _, levels in kept.to_arrow())
    except (AttributeError, TypeError, ValueError):
        return False


def _first_line(error: Exception) -> str:
    """Return what went wrong without the addresses in memory and places in sources that XGBoost adds."""
    first = str(error).split("\nStack trace", 1)[0].rsplit("]", 1)[-1]
    return one_line(first)
