"""Scores with a scikit-learn model read from skops: probabilities, else decisions, else labels; or values."""

import warnings
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from monitoring.sandboxed.models import Values, Wanted, as_scores, positive_index
from portal.core.sandbox.child import Refusal
from registry.sandboxed.skops_files import load
from registry.sandboxed.tables import one_line

MATRIX = 2


class SkopsScorer:
    """One fitted estimator."""

    columns: Sequence[str]
    classes: Sequence[str]

    def __init__(self, file: BinaryIO, wanted: Wanted) -> None:
        self.model, _ = load(file)
        self.wanted = wanted
        named = [str(name) for name in getattr(self.model, "feature_names_in_", ())]
        self.named = bool(named)
        self.columns = named or list(wanted.features)
        count = getattr(self.model, "n_features_in_", None)
        if not self.columns:
            raise Refusal(f"The model takes {count or 'unnamed'} columns and does not name them. Declare the features.")
        if not named and count is not None and int(count) != len(self.columns):
            raise Refusal(f"The model takes {count} columns, but {len(self.columns)} features are declared.")
        self.kind, self._method = self._choose()
        self.classes = [str(label) for label in getattr(self.model, "classes_", ())]
        if self.kind != "value" and wanted.task == "binary":
            self.positive = positive_index(self.classes, wanted.positive)

    def _choose(self) -> tuple[str, str]:
        if self.wanted.task == "regression":
            candidates = [("value", "predict")]
        else:
            candidates = [("probability", "predict_proba"), ("decision", "decision_function"), ("label", "predict")]
        for kind, method in candidates:
            if hasattr(self.model, method):
                return kind, method
        raise Refusal("The model can't predict.")

    def score(self, batch: pa.RecordBatch) -> Values:
        """Return the scores of one batch."""
        frame = pa.Table.from_batches([batch]).select(list(self.columns)).to_pandas()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                raw = getattr(self.model, self._method)(frame if self.named else frame.to_numpy())
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, RuntimeError) as error:
            raise Refusal(f"The model can't score the rows: {one_line(error)}") from None
        return self._scores(raw, batch.num_rows)

    def _scores(self, raw: Any, rows: int) -> Values:
        if self.kind == "label":
            raw = (np.asarray(raw).astype(str)[:, None] == np.asarray(self.classes)[None, :]).astype(np.float64)
        scores = as_scores(raw, rows)
        if self.wanted.task == "multiclass":
            if scores.ndim != MATRIX:
                raise Refusal("The plan says multiclass, but the model gives one number per row.")
            return scores
        if self.wanted.task == "regression":
            if scores.ndim == MATRIX:
                raise Refusal(f"The plan says regression, but the model gives {scores.shape[1]} numbers per row.")
            return scores
        if scores.ndim == MATRIX:
            return scores[:, self.positive]
        return scores if self.positive == 1 else -scores  # a decision value speaks for the last class
