"""Scores with boosted trees in their own format: LightGBM, XGBoost, CatBoost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from monitoring.sandboxed.models import Values, Wanted, as_scores, positive_index
from portal.core.sandbox.child import Refusal
from registry.sandboxed.native import LOADERS
from registry.sandboxed.tables import one_line

MATRIX = 2


class BoostedScorer:
    """One booster."""

    columns: Sequence[str]
    classes: Sequence[str]

    def __init__(self, model_format: str, data: bytes, wanted: Wanted) -> None:
        self.model, self.wanted = LOADERS[model_format](data), wanted
        self.columns = self.model.features or wanted.features
        if not self.columns:
            raise Refusal(f"The model takes {self.model.count} columns and does not name them. Declare the features.")
        if len(self.columns) != self.model.count:
            raise Refusal(f"The model takes {self.model.count} columns, but {len(self.columns)} features are declared.")
        self.classes, self.kind = self.model.classes, self.model.gives
        if wanted.task == "regression":
            if self.model.gives != "value":
                raise Refusal(f"The plan says regression, but the model's objective is {self.model.objective}.")
        elif wanted.task == "multiclass" and (self.model.gives == "value" or len(self.classes) == MATRIX):
            raise Refusal("The plan says multiclass, but the model gives one number per row.")
        elif self.model.gives == "value":
            self.kind = "decision"  # it orders the rows, and is no probability
        if wanted.task == "binary" and self.classes:
            self.positive = positive_index(self.classes, wanted.positive)

    def score(self, batch: pa.RecordBatch) -> Values:
        """Return the scores of one batch."""
        try:
            raw = self.model.predict(self._table(batch))
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise Refusal(f"The model can't score the rows: {one_line(error)}") from None
        return self._scores(raw, batch.num_rows)

    def _table(self, batch: pa.RecordBatch) -> pd.DataFrame:
        frame: pd.DataFrame = pa.Table.from_batches([batch]).select(list(self.columns)).to_pandas()
        numbers = [name for index, name in enumerate(self.columns) if index not in self.model.categorical]
        for name in numbers:
            if not pd.api.types.is_numeric_dtype(frame[name]) and not frame[name].isna().all():
                frame[name] = _as_numbers(frame[name], name)
        return frame.astype(dict.fromkeys(numbers, np.float64))

    def _scores(self, raw: object, rows: int) -> Values:
        scores = as_scores(raw, rows)
        if self.model.gives == "label":
            scores = (scores[:, None] == np.arange(len(self.classes))[None, :]).astype(np.float64)
        if self.wanted.task == "multiclass" or not self.classes:
            return scores
        if scores.ndim == MATRIX:
            return scores[:, self.positive]
        return scores if self.positive == 1 else 1 - scores


def _as_numbers(column: "pd.Series[float]", name: str) -> "pd.Series[float]":
    """Return truth values and decimals with gaps as numbers; raises Refusal for anything else."""
    if pd.api.types.is_object_dtype(column):
        try:
            return column.astype(np.float64)
        except (TypeError, ValueError):
            pass
    raise Refusal(f"Column “{name}” holds {'text' if _is_text(column) else column.dtype}, but the model takes numbers.")


def _is_text(column: "pd.Series[float]") -> bool:
    return pd.api.types.is_string_dtype(column)
