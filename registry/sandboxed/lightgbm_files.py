"""LightGBM's own text files, opened by LightGBM: trees as numbers, no code; only ever in the cage.

LightGBM ends its whole process over some broken files, so that what is cut or was edited in length is told before.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from portal.core.sandbox.child import Refusal
from registry.sandboxed.boosted import Boosted, Output, indices, library
from registry.sandboxed.tables import one_line

HEADER_BYTES = 4 << 20
UNNAMED = re.compile(r"Column_\d+")
ONE_PROBABILITY = {"binary", "cross_entropy"}
PROBABILITIES = {"multiclass", "multiclassova"}


def load(data: bytes) -> Boosted:
    """Return the model in these bytes; raises Refusal when LightGBM does not read it, or is not installed."""
    lightgbm = library("lightgbm", "LightGBM")
    check_trees(data)
    try:
        text = data.decode()
        booster = lightgbm.Booster(model_str=text)
        names = tuple(str(name) for name in booster.feature_name())
    except (lightgbm.basic.LightGBMError, ValueError, TypeError, KeyError, IndexError) as error:
        raise Refusal(f"LightGBM can't load the model: {one_line(error)}") from None
    header = dict(line.split("=", 1) for line in text[:HEADER_BYTES].split("\nTree=", 1)[0].splitlines() if "=" in line)
    objective = (header.get("objective", "").split() or ["custom"])[0]
    categorical = _categorical(booster, header)
    levels = list(booster.pandas_categorical or [])
    if levels and len(levels) != len(categorical):
        raise Refusal("The LightGBM file keeps categories that belong to none of its features, or lacks some.")

    def predict(table: pd.DataFrame) -> Output:
        for position, known in zip(categorical, levels, strict=False):
            table = table.assign(**{table.columns[position]: pd.Categorical(table.iloc[:, position], known)})
        rows = table if levels else table.to_numpy(dtype=np.float64)
        return np.asarray(booster.predict(rows))

    return Boosted(
        features=() if all(UNNAMED.fullmatch(name) for name in names) else names,
        count=booster.num_feature(),
        objective=objective,
        gives="probability" if objective in ONE_PROBABILITY | PROBABILITIES else "value",
        classes=_classes(objective, booster.num_model_per_iteration()),
        categorical=categorical,
        trees=booster.num_trees(),
        predict=predict,
    )


def check_trees(data: bytes) -> None:
    """Raise Refusal unless every tree is as long as the header says, and the file goes on to its end."""
    start = data.find(b"\nTree=0\n") + 1
    sizes = re.search(rb"^tree_sizes=([\d ]+)$", data[:start], re.MULTILINE)
    if start == 0 or sizes is None:
        raise Refusal("The LightGBM file has no trees, or does not say how long they are. Save it with save_model.")
    for index, size in enumerate(sizes[1].split()):
        if not data.startswith(b"Tree=%d\n" % index, start):
            raise Refusal("The LightGBM file is cut short or was edited: its trees are not where its header says.")
        start += int(size)
    if not data.startswith(b"end of trees", start):
        raise Refusal("The LightGBM file is cut short or was edited: its trees do not end where its header says.")


def _classes(objective: str, per_iteration: int) -> tuple[str, ...]:
    if objective in PROBABILITIES:
        return indices(per_iteration)
    return indices(2) if objective in ONE_PROBABILITY else ()


def _categorical(booster: Any, header: dict[str, str]) -> tuple[int, ...]:
    """Return the positions of categorical features: as the parameters say, else as the ranges of values look."""
    said = booster.params.get("categorical_feature")
    if isinstance(said, list) and all(isinstance(position, int) for position in said):
        return tuple(position for position in said if 0 <= position < booster.num_feature())
    ranges = header.get("feature_infos", "").split()
    return tuple(position for position, range_ in enumerate(ranges) if range_[:1] not in {"[", "n"})
