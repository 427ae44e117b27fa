"""Boosted trees as their own libraries hold them: what LightGBM, XGBoost and CatBoost have in common here.

The libraries are optional parts of an installation; where one is missing, its files are refused, never skipped.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from portal.core.sandbox.child import CagedTask, Refusal

LARGEST = 1 << 30
LONGEST_LIST = 200
Output = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Boosted:
    """A loaded model: what it says of itself, and `predict` of a table whose columns are its features in order."""

    features: tuple[str, ...]
    """Their names; empty where the file holds none."""
    count: int
    objective: str
    gives: str
    """probability (of the last class, or one column for each), label (an index of classes) or value."""
    classes: tuple[str, ...]
    categorical: tuple[int, ...]
    """Positions of the features whose values are categories."""
    trees: int
    predict: Callable[[pd.DataFrame], Output]
    notes: tuple[str, ...] = ()


def read(task: CagedTask, name: str) -> bytes:
    """Return the bytes of an input; raises Refusal for a larger file than is opened."""
    if task.size(name) > LARGEST:
        raise Refusal(f"The model is larger than {LARGEST >> 20} MiB.")
    return bytes(task.map(name))


def library(module: str, title: str) -> Any:
    """Return an optional library; raises Refusal with what to ask for where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise Refusal(
            f"This installation can not open {title} models. "
            f"Ask an administrator to install the optional part “{module}”, then register the version again."
        ) from None


def describe(model: Boosted) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return (signature, details, notes) of a loaded model."""
    inputs: list[dict[str, Any]]
    if model.features:
        inputs = [
            {"name": name, "type": "category" if index in model.categorical else "number", "shape": [None, 1]}
            for index, name in enumerate(model.features)
        ]
    else:
        inputs = [{"name": "X", "type": "table", "shape": [None, model.count]}]
    output: dict[str, Any] = {"name": "prediction", "type": "float64", "shape": [None]}
    if model.classes:
        shape = [None, len(model.classes)]
        output = {"name": model.gives, "type": "float64", "shape": shape, "classes": list(model.classes)}
    details = {"objective": model.objective, "trees": model.trees, "features": model.count}
    return {"inputs": inputs, "outputs": [output]}, details, list(model.notes)


def indices(count: int) -> tuple[str, ...]:
    """Return the names of classes that a file only counts."""
    return tuple(str(index) for index in range(count))
