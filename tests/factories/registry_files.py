"""Small real files for registry tests: models as their libraries write them, tables, an environment lock."""

import io
import os
import pickle
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pyarrow as pa
import pyarrow.parquet as pq
import skops.io
from onnx import TensorProto, helper
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

LOCK = b"numpy==2.3.0\nscikit-learn==1.9.0\n"


class Bomb:
    """Unpickling it makes a folder."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


def pickled(marker: Path) -> bytes:
    """Return a pickle that leaves a mark where it is ever opened."""
    return pickle.dumps(Bomb(marker))


@cache
def onnx_model(domain: str = "") -> bytes:
    """Return y = x · w with two inputs, its operator in the given domain."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], domain=domain)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 2.0])],
    )
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    made: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    return bytes(made.SerializeToString())


@cache
def skops_model() -> bytes:
    """Return a fitted logistic regression with named columns."""
    table, label = load_breast_cancer(return_X_y=True, as_frame=True)
    columns = ["mean radius", "mean texture"]
    return bytes(skops.io.dumps(LogisticRegression().fit(table[columns], label)))


def parquet(rows: int = 20, **columns: Any) -> bytes:
    """Return a table with a day, a number and a label, and further columns."""
    table = pa.table(
        {
            "day": pa.array(range(20454, 20454 + rows), pa.int32()).cast(pa.date32()),
            "x": [float(row) for row in range(rows)],
            "label": [row % 2 for row in range(rows)],
            **columns,
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()
