"""Scores with onnxruntime: one table of numbers as input, or one input per column; ZipMap outputs are understood."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnxruntime
import pyarrow as pa
import pyarrow.compute as pc

from monitoring.sandboxed.models import Values, Wanted, as_scores, positive_index
from portal.core.sandbox.child import Refusal
from registry.sandboxed.arrays import floats, integers
from registry.sandboxed.tables import one_line

ELEMENTS: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}
FLOATS = {"tensor(float)", "tensor(double)"}
MATRIX = 2


class OnnxScorer:
    """One onnxruntime session."""

    def __init__(self, data: bytes, wanted: Wanted, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.wanted = wanted
        self.session = _guarded(
            lambda: onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]), "loaded"
        )
        self.inputs = self.session.get_inputs()
        for one in self.inputs:
            if one.type not in ELEMENTS:
                raise Refusal(f"The model's input “{one.name}” is of type {one.type}, which can't be fed from columns.")
        self.one_table = len(self.inputs) == 1 and _width(self.inputs[0]) != 1
        self.columns: Sequence[str] = self._columns()
        self.output = _chosen_output(self.session.get_outputs(), wanted.task)
        self.kind = "value" if wanted.task == "regression" else "probability"
        self.classes: Sequence[str] = ()

    def _columns(self) -> Sequence[str]:
        if not self.one_table:
            return [one.name for one in self.inputs]
        width, features = _width(self.inputs[0]), self.wanted.features
        if not features:
            raise Refusal(
                f"The model takes one table of {width or 'unnamed'} columns and does not name them. "
                "Declare the features in order."
            )
        if width is not None and width != len(features):
            raise Refusal(f"The model takes {width} columns, but {len(features)} features are declared.")
        return list(features)

    def score(self, batch: pa.RecordBatch) -> Values:
        """Return the scores of one batch."""
        if self.one_table:
            element = ELEMENTS[self.inputs[0].type]
            table = [_tensor(batch.column(name), name, self.inputs[0].type) for name in self.columns]
            feed = {self.inputs[0].name: np.column_stack(table).astype(element, copy=False)}
        else:
            feed = {one.name: _shaped(_tensor(batch.column(one.name), one.name, one.type), one) for one in self.inputs}
        raw = _guarded(lambda: self.session.run([self.output], feed), "run")[0]
        return self._scores(raw, batch.num_rows)

    def _scores(self, raw: Any, rows: int) -> Values:
        if isinstance(raw, list):  # ZipMap: one {label: probability} per row
            if not raw or not isinstance(raw[0], dict):
                raise Refusal("The model's output is a sequence that holds no probabilities by class.")
            labels = list(raw[0])
            self.classes = [str(label) for label in labels]
            scores = as_scores([[row[label] for label in labels] for row in raw], rows)
        else:
            scores = as_scores(raw, rows)
            if scores.ndim == MATRIX and not self.classes:
                self.classes = [str(index) for index in range(scores.shape[1])]
        if self.wanted.task == "multiclass":
            if scores.ndim != MATRIX:
                raise Refusal("The plan says multiclass, but the model gives one number per row.")
            return scores
        if scores.ndim != MATRIX:
            return scores
        if self.wanted.task == "regression":
            raise Refusal(f"The plan says regression, but the model gives {scores.shape[1]} numbers per row.")
        return scores[:, positive_index(self.classes, self.wanted.positive)]


def _width(one: Any) -> int | None:
    """Return the number of columns that an input takes; None when it does not say."""
    if len(one.shape) < MATRIX:
        return 1
    return one.shape[1] if isinstance(one.shape[1], int) else None


def _chosen_output(outputs: Sequence[Any], task: str) -> str:
    """Return the output that holds the scores: maps or floats of probabilities before labels."""
    if task == "regression":
        floats = [one for one in outputs if one.type in FLOATS]
        if len(floats) != 1:
            raise Refusal(f"A regression model must have one output of numbers; this one has {len(floats)}.")
        return str(floats[0].name)
    maps = [one for one in outputs if one.type.startswith("seq(map(")]
    floats = [one for one in outputs if one.type in FLOATS]
    named = [one for one in floats if "prob" in one.name.lower()]
    for candidates in (maps, named, floats):
        if len(candidates) == 1:
            return str(candidates[0].name)
    found = ", ".join(f"{one.name} {one.type}" for one in outputs)[:300]
    raise Refusal(f"It is unclear which output of the model holds its probabilities: {found}.")


def _tensor(column: "pa.Array[Any]", name: str, wanted: str) -> np.ndarray[Any, Any]:
    """Return a column as what an input takes; missing numbers become NaN where the input can say so."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()  # type: ignore[attr-defined]
    if wanted == "tensor(string)":
        if column.null_count:
            raise Refusal(f"Column “{name}” has empty values, and the model takes text without a way to say so.")
        return np.asarray(pc.cast(column, pa.string()).to_pylist(), dtype=np.object_)
    if not _numeric(column.type):
        raise Refusal(f"Column “{name}” holds {_in_words(column.type)}, but the model takes numbers.")
    if wanted in FLOATS:
        return floats(column).astype(ELEMENTS[wanted], copy=False)
    if column.null_count:
        raise Refusal(f"Column “{name}” has empty values, but the model takes whole numbers.")
    if pa.types.is_floating(column.type):
        raise Refusal(f"Column “{name}” holds {column.type}, but the model takes whole numbers.")
    return integers(column, 0).astype(ELEMENTS[wanted], copy=False)


def _in_words(kind: pa.DataType) -> str:
    return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else str(kind)


def _numeric(kind: pa.DataType) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal, pa.types.is_null)
    return any(test(kind) for test in tests)


def _shaped(values: np.ndarray[Any, Any], one: Any) -> np.ndarray[Any, Any]:
    return values if len(one.shape) == 1 else values.reshape(-1, 1)


def _guarded(call: Callable[[], Any], verb: str) -> Any:
    """Call onnxruntime; its errors, which derive from Exception alone, become words; raises MemoryError as such."""
    try:
        return call()
    except Exception as error:
        if "bad allocation" in str(error) or "Failed to allocate memory" in str(error):
            raise MemoryError from None
        if type(error).__module__.startswith("onnxruntime") or isinstance(error, RuntimeError | ValueError):
            raise Refusal(f"The model can't be {verb}: {one_line(error)}") from None
        raise
