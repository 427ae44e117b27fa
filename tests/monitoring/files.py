"""Held-out rows and small models for whole runs: a label that follows from two columns, and ONNX graphs by hand."""

from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from onnx import TensorProto, helper

ROWS, DAYS = 1_200, 60
COLUMNS = {
    "a": "double",
    "b": "double",
    "day": "timestamp[ns]",
    "site": "string",
    "shift": "int64",
    "label": "int64",
    "value": "double",
}


def held_out_rows(rows: int = ROWS, seed: int = 5) -> pd.DataFrame:
    """Return rows whose label is likelier the larger `a`, and whose value is about 3 a + b."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=rows), rng.normal(size=rows)
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows) % DAYS, unit="D"),
            "site": np.where(rng.random(rows) < 0.5, "north", "south"),
            "shift": rng.integers(0, 2, rows),
            "label": (rng.random(rows) < 1 / (1 + np.exp(-2 * a))).astype(np.int64),
            "value": 3 * a + b + rng.normal(size=rows),
        }
    )


def parquet(table: pd.DataFrame) -> bytes:
    """Return the table as Parquet."""
    sink = BytesIO()
    table.to_parquet(sink, index=False)
    return sink.getvalue()


def linear_onnx(a: float, b: float, *, sigmoid: bool = True) -> bytes:
    """Return a model of one table of two columns: a·x₁ + b·x₂, through a sigmoid for probabilities."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z" if sigmoid else "y"])]
    if sigmoid:
        nodes.append(helper.make_node("Sigmoid", ["z"], ["y"]))
    return _model(nodes, [helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [a, b])])


def root_onnx() -> bytes:
    """Return a model that gives NaN wherever the first column is negative."""
    tensors = [helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 0.0])]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Sqrt", ["z"], ["r"]),
        helper.make_node("Sigmoid", ["r"], ["y"]),
    ]
    return _model(nodes, tensors)


def endless_onnx() -> bytes:
    """Return a model that never comes back."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["value"], ["same"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, 1]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("same", TensorProto.FLOAT, [None, 1]),
        ],
    )
    tensors = [
        helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 0.0]),
        helper.make_tensor("forever", TensorProto.INT64, [], [2**62]),
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["start"]),
        helper.make_node("Loop", ["forever", "yes", "start"], ["y"], body=body),
    ]
    return _model(nodes, tensors)


def _model(nodes: list[Any], tensors: list[Any]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        tensors,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(made.SerializeToString())
