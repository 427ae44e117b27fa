import pickle

import pytest

from registry.sandboxed import inspect, onnx_files
from tests.factories.registry_files import LOCK, onnx_model, parquet, skops_model
from tests.registry.sandboxed.conftest import MakeTask


@pytest.mark.parametrize(
    ("role", "data", "kind", "media_type"),
    [
        ("model", onnx_model(), "onnx", "application/vnd.onnx"),
        ("model", skops_model(), "skops", "application/vnd.skops"),
        ("dataset", parquet(), "parquet", "application/vnd.apache.parquet"),
        ("dataset", b"a,b\n1,2\n", "csv", "text/csv"),
        ("environment", LOCK, "environment lock", "text/plain"),
    ],
)
def test_each_role_takes_its_kinds(caged: MakeTask, role: str, data: bytes, kind: str, media_type: str) -> None:
    found = inspect.run(caged(data, role=role))
    assert (found["accepted"], found["detected"], found["media_type"]) == (True, kind, media_type)
    assert (found["signature"] is not None) is (role == "model")


@pytest.mark.parametrize(
    ("role", "data", "words"),
    [
        ("model", b"", "empty"),
        ("model", parquet(), "not a model"),
        ("model", LOCK, "not a model"),
        ("dataset", onnx_model(), "neither Parquet nor CSV"),
        ("environment", onnx_model(), "is a text file"),
        *((role, pickle.dumps({"a": 1}), "pickle") for role in ("model", "dataset", "environment")),
    ],
)
def test_everything_else_is_refused_in_words(caged: MakeTask, role: str, data: bytes, words: str) -> None:
    found = inspect.run(caged(data, role=role))
    assert found["accepted"] is False
    assert words in found["reason"]


def test_an_unknown_role_is_a_defect(caged: MakeTask) -> None:
    with pytest.raises(KeyError):
        inspect.run(caged(LOCK, role="other"))


def test_a_table_without_rows_and_a_lock_without_pins_are_noted(caged: MakeTask) -> None:
    assert inspect.run(caged(parquet(0), role="dataset"))["notes"] == ["The table has no rows."]
    assert "No pinned packages" in inspect.run(caged(b"numpy\n", role="environment"))["notes"][0]


def test_locks_and_models_have_a_largest_size(caged: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "LARGEST_LOCK", 4)
    assert "larger than" in inspect.run(caged(LOCK, role="environment"))["reason"]
    monkeypatch.setattr(onnx_files, "LARGEST", 4)
    assert "larger than" in inspect.run(caged(onnx_model(), role="model"))["reason"]


def test_a_lock_is_utf_8(caged: MakeTask) -> None:
    late = LOCK + b"#" * (1 << 20) + b"\xff\n"
    assert "not UTF-8" in inspect.run(caged(late, role="environment"))["reason"]
