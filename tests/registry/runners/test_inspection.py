"""Real files in real children: what is sound is described, what is not is refused in words and never run."""

import gzip
import io
import json
import os
import pickle
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skops.io
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from portal.core.sandbox import CageUnavailable, Limits
from registry.runners.inspection import Inspection, Verdict, inspect_file


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.fixture(scope="module")
def model() -> Any:
    table, label = load_breast_cancer(return_X_y=True, as_frame=True)
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(table, label)


def inspected(tmp_path: Path, data: bytes, *, role: str = "model", **options: Any) -> Inspection:
    path = tmp_path / "file"
    path.write_bytes(data)
    return inspect_file(path, role=role, **options)


def packed(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def edited(data: bytes, edit: Any) -> bytes:
    """Return a skops file with its schema changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    edit(schema)
    return packed({**members, "schema.json": json.dumps(schema).encode()})


@pytest.mark.parametrize("wrapping", ["plain", "gzip", "zlib", "zip", "text"])
def test_pickle_is_refused_and_never_run(tmp_path: Path, wrapping: str) -> None:
    marker = tmp_path / "marker"
    bomb = pickle.dumps(Bomb(marker), protocol=0 if wrapping == "text" else 4)
    wrap = {
        "plain": bomb,
        "text": bomb,
        "gzip": gzip.compress(bomb),
        "zlib": zlib.compress(bomb),
        "zip": packed({"archive/data.pkl": bomb, "schema.json": b"{}"}),
    }
    found = inspected(tmp_path, wrap[wrapping])
    assert found.verdict is Verdict.REFUSED
    assert "pickle" in found.reason
    assert "skops" in found.reason
    assert not marker.exists()


@pytest.mark.parametrize("role", ["dataset", "environment"])
def test_pickle_is_refused_in_every_role(tmp_path: Path, role: str) -> None:
    assert inspected(tmp_path, pickle.dumps([1]), role=role).verdict is Verdict.REFUSED


def test_onnx_model_is_described(tmp_path: Path, model: Any) -> None:
    data = to_onnx(model, np.zeros((1, 30), dtype=np.float32)).SerializeToString()
    found = inspected(tmp_path, data)
    assert (found.verdict, found.detected) == (Verdict.ACCEPTED, "onnx"), found.reason
    assert found.signature is not None
    assert found.signature["inputs"] == [{"name": "X", "type": "tensor(float)", "shape": [None, 30]}]
    assert found.signature["outputs"][1]["type"] == "seq(map(int64,tensor(float)))"
    assert "ai.onnx.ml.LinearClassifier" in found.details["operators"]


def small_onnx(**changes: Any) -> "onnx.ModelProto":
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [1.0, 2.0])
    node = helper.make_node("MatMul", ["x", "w"], ["y"], domain=changes.get("domain", ""))
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])],
        [weight],
    )
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(changes["domain"], 1)] if changes else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def test_onnx_with_data_elsewhere_is_refused(tmp_path: Path) -> None:
    made = small_onnx()
    tensor = made.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    found = inspected(tmp_path, made.SerializeToString())
    assert found.verdict is Verdict.REFUSED
    assert "another file" in found.reason


def test_onnx_with_foreign_operators_is_refused(tmp_path: Path) -> None:
    found = inspected(tmp_path, small_onnx(domain="evil.corp").SerializeToString())
    assert found.verdict is Verdict.REFUSED
    assert "evil.corp" in found.reason


def test_broken_onnx_is_refused(tmp_path: Path) -> None:
    made = small_onnx()
    made.graph.node[0].input[0] = "nowhere"
    assert inspected(tmp_path, made.SerializeToString()).verdict is Verdict.REFUSED
    assert inspected(tmp_path, os.urandom(4096)).verdict is Verdict.REFUSED


def test_skops_model_is_described(tmp_path: Path, model: Any) -> None:
    found = inspected(tmp_path, skops.io.dumps(model))
    assert (found.verdict, found.detected) == (Verdict.ACCEPTED, "skops"), found.reason
    assert found.signature is not None
    assert found.signature["inputs"][0]["name"] == "mean radius"
    assert found.signature["outputs"][0]["classes"] == ["0", "1"]
    assert found.details["estimators"] == [
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.linear_model._logistic.LogisticRegression",
    ]


def as_call(schema: dict[str, Any]) -> None:
    schema["content"] = {"__class__": "system", "__module__": "posix", "__loader__": "FunctionNode"}


def as_method(schema: dict[str, Any]) -> None:
    schema["__loader__"] = "MethodNode"


def as_operator(schema: dict[str, Any]) -> None:
    schema.update(
        __loader__="OperatorFuncNode", __module__="operator", __class__="methodcaller", attrs=schema["content"]
    )


def as_numpy_call(schema: dict[str, Any]) -> None:
    schema["content"] = {"__class__": "fromfile", "__module__": "numpy", "__loader__": "FunctionNode"}


@pytest.mark.parametrize("edit", [as_call, as_method, as_operator, as_numpy_call])
def test_skops_with_an_edited_schema_is_refused(tmp_path: Path, model: Any, edit: Any) -> None:
    found = inspected(tmp_path, edited(skops.io.dumps(model), edit))
    assert found.verdict is Verdict.REFUSED
    assert "not allowed" in found.reason or "edited" in found.reason


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    bomb = packed({"schema.json": b"{}", "1.npy": bytes(50 << 20)}, zipfile.ZIP_DEFLATED)
    found = inspected(tmp_path, bomb)
    assert found.verdict is Verdict.REFUSED
    assert "bomb" in found.reason


def test_zip_with_a_foreign_member_is_refused(tmp_path: Path, model: Any) -> None:
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert inspected(tmp_path, packed({**members, "../x.py": b"x"})).verdict is Verdict.REFUSED
    assert inspected(tmp_path, packed({"config.json": b"{}"})).verdict is Verdict.REFUSED


def test_deeply_nested_schema_is_refused(tmp_path: Path) -> None:
    schema = b'{"content":' * 100_000 + b"1" + b"}" * 100_000
    found = inspected(tmp_path, packed({"schema.json": schema}))
    assert found.verdict is Verdict.REFUSED
    assert "nested" in found.reason


def flights() -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=50, freq="D")
    return pd.DataFrame({"day": days, "carrier": ["AA", None] * 25, "delay": np.arange(50) / 7, "late": [0, 1] * 25})


def test_parquet_is_described(tmp_path: Path) -> None:
    flights().to_parquet(tmp_path / "f.parquet")
    found = inspected(tmp_path, (tmp_path / "f.parquet").read_bytes(), role="dataset", time_column="day")
    assert (found.verdict, found.detected) == (Verdict.ACCEPTED, "parquet"), found.reason
    assert found.details["rows"] == 50
    assert [column["name"] for column in found.details["columns"]] == ["day", "carrier", "delay", "late"]
    assert found.details["period"] == {"from": "2026-01-01T00:00:00", "to": "2026-02-19T00:00:00"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_described(tmp_path: Path, separator: str) -> None:
    data = flights().to_csv(index=False, sep=separator).encode()
    found = inspected(tmp_path, data, role="dataset", time_column="day")
    assert (found.verdict, found.detected) == (Verdict.ACCEPTED, "csv"), found.reason
    assert found.details["rows"] == 50
    assert found.details["period"]["from"] == "2026-01-01"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pa.table({"a": [[1, 2]]}), "only flat columns"),
        (pa.table({"a": [{"b": 1}]}), "only flat columns"),
        (pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), "columns of one name"),
    ],
)
def test_tables_that_are_not_flat_are_refused(tmp_path: Path, table: pa.Table, words: str) -> None:
    pq.write_table(table, tmp_path / "t.parquet")
    found = inspected(tmp_path, (tmp_path / "t.parquet").read_bytes(), role="dataset")
    assert found.verdict is Verdict.REFUSED
    assert words in found.reason


def test_time_column_that_is_missing_or_text_is_refused(tmp_path: Path) -> None:
    data = flights().to_csv(index=False).encode()
    assert "lacks" in inspected(tmp_path, data, role="dataset", time_column="when").reason
    assert "must hold dates" in inspected(tmp_path, data, role="dataset", time_column="carrier").reason


def test_ragged_and_cut_tables_are_refused(tmp_path: Path) -> None:
    assert inspected(tmp_path, b"a,b\n1,2\n3\n", role="dataset").verdict is Verdict.REFUSED
    flights().to_parquet(tmp_path / "f.parquet")
    cut = (tmp_path / "f.parquet").read_bytes()[:-9]
    assert inspected(tmp_path, cut, role="dataset").verdict is Verdict.REFUSED


def test_environment_lock_is_read(tmp_path: Path) -> None:
    found = inspected(tmp_path, b"numpy==2.3.0 \\\n    --hash=sha256:aa\npandas==3.1.0\n", role="environment")
    assert found.verdict is Verdict.ACCEPTED
    assert found.details["packages"] == {"numpy": "2.3.0", "pandas": "3.1.0"}
    assert found.details["hashed"] is True


def test_inspection_that_does_not_end_is_never_accepted(tmp_path: Path, model: Any) -> None:
    found = None
    for seconds in (0.3, 1.0, 2.0, 4.0):  # on a busy machine a child may need longer to start at all
        with suppress(CageUnavailable):
            found = inspected(tmp_path, skops.io.dumps(model), limits=Limits(wall_seconds=seconds))
            break
    assert found is not None
    assert found.verdict is Verdict.FAILED
    assert "did not end within" in found.reason


def test_a_csv_file_is_read_block_by_block_in_less_memory_than_its_table(tmp_path: Path) -> None:
    columns, rows = 40, 800_000
    numbers = b",".join([b"1"] * columns) + b"\n"
    data = numbers.replace(b"1", b"a", 1).replace(b"1", b"%d") % tuple(range(1, columns)) + numbers
    data += (b"," * (columns - 1) + b"\n") * rows
    assert columns * rows * 8 > 240 << 20, "so much would the table take"
    found = inspected(tmp_path, data, role="dataset", limits=Limits(cpu_seconds=60, memory_bytes=300 << 20))
    assert (found.verdict, found.reason) == (Verdict.ACCEPTED, "")
    assert found.details["rows"] == rows + 1
