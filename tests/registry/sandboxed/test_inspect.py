import gzip
import io
import os
import pickle
import zipfile

import pytest

from registry.rules import kinds
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
        ("dataset", onnx_model(), "neither Parquet, Arrow nor CSV"),
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
        inspect.run(caged(LOCK, role="another"))


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


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    return buffer.getvalue()


OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"


@pytest.mark.parametrize(
    ("kind", "members", "note"),
    [
        ("pt2", {"m/archive_format": b"pt2", "m/data/sample_inputs/model.pt": pickle.dumps([1])}, "1 pickle(s)"),
        ("pt2", {"serialized_exported_program.json": b"{}", "version": b"8"}, "never opened"),
        ("xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}, "never opened"),
        ("xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"", "xl/vbaProject.bin": b"\1"}, "macros"),
        ("ods", {"mimetype": OPEN_DOCUMENT, "content.xml": b"<x/>"}, "never opened"),
    ],
)
def test_some_models_are_told_by_their_bytes_and_kept_unopened(
    caged: MakeTask, kind: str, members: dict[str, bytes], note: str
) -> None:
    found = inspect.run(caged(zipped(members), role="model"))
    assert (found["accepted"], found["detected"], found["signature"]) == (True, kind, None)
    assert found["media_type"] == kinds.MEDIA_TYPES[kind]
    assert note in " ".join(found["notes"])


@pytest.mark.parametrize(
    ("data", "looks_like"),
    [
        (b"notes\n", "text"),
        (zipped({"a.txt": b"a"}), "zip"),
        (gzip.compress(b"words"), "compressed"),
        (b"\x7fELF", "program"),
    ],
    ids=["text", "zip", "gzip", "program"],
)
def test_other_files_are_kept_unopened(caged: MakeTask, data: bytes, looks_like: str) -> None:
    found = inspect.run(caged(data, role="other"))
    assert (found["accepted"], found["media_type"]) == (True, "application/octet-stream")
    assert found["details"] == {"looks_like": looks_like}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (pickle.dumps([1]), "pickle"),
        (gzip.compress(pickle.dumps([1])), "pickle"),
        (zipped({"model/MLmodel": b"flavors:\n", "model/model.pkl": pickle.dumps([1])}), "MLflow model folder holds"),
        (zipped({"a.bin": gzip.compress(pickle.dumps([1]))}), "pickle"),
        (gzip.compress(zipped({"a": pickle.dumps([1])})), "unpacked"),
        (b"\x28\xb5\x2f\xfdabc", "unpacked"),
        (bytes(257) + b"ustar" + bytes(100), "tar archive"),
        (b"", "empty"),
    ],
    ids=["pickle", "gzip", "mlflow", "gzip in zip", "zip in gzip", "zstd", "tar", "empty"],
)
def test_pickles_and_what_may_hide_them_are_not_even_kept(caged: MakeTask, data: bytes, words: str) -> None:
    found = inspect.run(caged(data, role="other"))
    assert found["accepted"] is False
    assert words in found["reason"]


def test_an_mlflow_folder_names_the_file_to_send(caged: MakeTask) -> None:
    folder = {"model/MLmodel": b"flavors:\n", "model/model.onnx": onnx_model(), "model/conda.yaml": b"name: x\n"}
    reason = inspect.run(caged(zipped(folder), role="model"))["reason"]
    assert "Send the model file in it by itself (model/model.onnx)" in reason


HOSTILE = pickle.dumps([os.system])


@pytest.mark.parametrize(
    ("data", "container", "name"),
    [
        (HOSTILE, "", "the file"),
        (gzip.compress(HOSTILE), "", "the file"),
        (zipped({"archive/data.pkl": HOSTILE, "archive/data/0": b"\0" * 9}), "zip", "archive/data.pkl"),
        (zipped({"m/MLmodel": b"flavors:\n", "m/model.bin": gzip.compress(HOSTILE)}), "mlflow", "m/model.bin"),
    ],
    ids=["pickle", "gzip", "torch", "mlflow"],
)
def test_a_team_that_may_have_pickles_gets_them_described_and_unopened(
    caged: MakeTask, data: bytes, container: str, name: str
) -> None:
    found = inspect.run(caged(data, role="model", pickles=True))
    assert (found["accepted"], found["detected"], found["signature"]) == (True, "pickle", None)
    assert (found["details"]["container"], found["details"]["count"]) == (container, 1)
    [listed] = found["details"]["pickles"]
    assert (listed["name"], listed["alarming"]) == (name, [f"{os.system.__module__}.system"])
    assert "never opened" in found["notes"][0]
    assert "skops or ONNX" in found["notes"][1]


@pytest.mark.parametrize("role", ["other", "environment", "dataset"])
def test_only_a_model_may_be_a_pickle(caged: MakeTask, role: str) -> None:
    assert inspect.run(caged(HOSTILE, role=role, pickles=True))["accepted"] is False


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped({"schema.json": b"{}", "a.pkl": HOSTILE}), "holds a pickle"),
        (zipped({"../a.pkl": HOSTILE}), "leads out"),
        (zipped({"a.pkl": HOSTILE, "b.zip": zipped({"c": b"d"})}), "an archive itself"),
        (b"\x28\xb5\x2f\xfd" + HOSTILE, "unpacked"),
        (gzip.compress(gzip.compress(HOSTILE)), "unpacked"),
    ],
    ids=["skops", "traversal", "zip in zip", "zstd", "twice"],
)
def test_where_pickles_may_be_the_other_rules_stay(caged: MakeTask, data: bytes, words: str) -> None:
    found = inspect.run(caged(data, role="model", pickles=True))
    assert found["accepted"] is False
    assert words in found["reason"]


def test_who_may_not_have_pickles_hears_what_to_do(caged: MakeTask) -> None:
    reason = inspect.run(caged(HOSTILE, role="model"))["reason"]
    assert "skops.io.dump" in reason
    assert "An administrator can let a team keep a model as a pickle" in reason
