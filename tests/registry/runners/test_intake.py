"""What intake does with files; the usual malicious ones, one by one, as a worker runs it: nothing runs or is left."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import pickle
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from portal.blobs import store
from portal.core.errors import NotFound
from portal.core.progress import Cancelled
from registry.runners.inspection import Verdict
from registry.runners.intake import HeldFile, inspect_files
from registry.services.inspections import begin_inspection, finish_inspection
from tests.factories.registry import ArtifactFactory, VersionFactory, stored
from tests.factories.registry_files import LOCK, Bomb, onnx_model, pickled, skops_model


def held(name: str, data: bytes, role: str) -> HeldFile:
    digest, _ = store.write([data])
    return HeldFile(name, digest, role)


def test_each_file_is_inspected_in_its_role_and_progress_says_which() -> None:
    seen: list[tuple[int, int, str]] = []
    files = [held("model.onnx", onnx_model(), "model"), held("lock.txt", LOCK, "model")]
    found = inspect_files(files, lambda *step: seen.append(step))
    assert [one.verdict for one in found] == [Verdict.ACCEPTED, Verdict.REFUSED]
    assert {(0, 2, "Inspecting model.onnx"), (1, 2, "Inspecting lock.txt")} <= set(seen)
    assert seen[-1] == (2, 2, "Inspected")


def test_damaged_and_missing_bytes_are_never_inspected() -> None:
    file = held("model.onnx", onnx_model(), "model")
    store.path_of(file.sha256).write_bytes(onnx_model() + b"\0")
    with pytest.raises(store.BlobDamaged):
        inspect_files([file])
    with pytest.raises(NotFound):
        inspect_files([HeldFile("a", hashlib.sha256(b"nothing").hexdigest(), "model")])


def test_a_wish_to_stop_goes_on_to_the_caller() -> None:
    def stop(done: int, total: int, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        inspect_files([held("model.onnx", onnx_model(), "model")], stop)


def test_nothing_to_inspect_gives_nothing() -> None:
    assert inspect_files([]) == []


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def text_pickle(canary: Path) -> bytes:
    return pickle.dumps(Bomb(canary), protocol=0)


def object_array(canary: Path) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb(canary)], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def mlflow_folder(canary: Path) -> bytes:
    return zipped({"model/MLmodel": b"flavors:\n  sklearn:\n", "model/python_model.bin": pickled(canary)})


def edited_skops(canary: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(skops_model())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema: dict[str, Any] = json.loads(members["schema.json"])
    path = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(str(canary))}
    call = {"__class__": "mkdir", "__module__": "os", "__loader__": "FunctionNode", "content": path}
    schema["content"] = call
    return zipped({**members, "schema.json": json.dumps(schema).encode()})


def skops_with_pickled_array(canary: Path) -> bytes:
    with zipfile.ZipFile(io.BytesIO(skops_model())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    array = next(name for name in members if name.endswith(".npy"))
    return zipped({**members, array: object_array(canary)})


def onnx_elsewhere(canary: Path) -> bytes:
    canary.with_name("weights").write_bytes(bytes(8))
    made = onnx.ModelProto.FromString(onnx_model())
    tensor = made.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=str(canary.with_name("weights")))
    return bytes(made.SerializeToString())


def zip_in_gzip(canary: Path) -> bytes:
    return gzip.compress(zipped({"y": pickled(canary)}))


def bomb(canary: Path) -> bytes:
    return zipped({"schema.json": b"{}", "1.npy": bytes(64 << 20)}, zipfile.ZIP_DEFLATED)


def traversal(canary: Path) -> bytes:
    return zipped({"schema.json": b"{}", f"../../../..{canary}": b"x"})


FILES: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    "a pickle": ("model", pickled, "pickle"),
    "a pickle of protocol 0": ("model", text_pickle, "pickle"),
    "joblib with gzip": ("model", lambda canary: gzip.compress(pickled(canary)), "pickle"),
    "joblib with zlib": ("model", lambda canary: zlib.compress(pickled(canary)), "pickle"),
    "joblib with bz2": ("model", lambda canary: bz2.compress(pickled(canary)), "pickle"),
    "joblib with lzma": ("model", lambda canary: lzma.compress(pickled(canary)), "pickle"),
    "joblib with old lzma": ("model", lambda canary: lzma.compress(pickled(canary), lzma.FORMAT_ALONE), "pickle"),
    "an array of objects": ("model", object_array, "pickle"),
    "PyTorch's own file": ("model", lambda canary: zipped({"model/data.pkl": pickled(canary)}), "pickle"),
    "a pickle in a zip": ("model", lambda canary: zipped({"notes.txt": pickled(canary)}), "pickle"),
    "a packed pickle in a zip": ("model", lambda canary: zipped({"x": gzip.compress(pickled(canary))}), "pickle"),
    "an MLflow model folder": ("model", mlflow_folder, "MLflow model folder holds a pickle"),
    "a zip in a zip": ("model", lambda canary: zipped({"x": zipped({"y": pickled(canary)})}), "is an archive itself"),
    "a zip in gzip": ("model", zip_in_gzip, "Send it unpacked"),
    "skops with an edited schema": ("model", edited_skops, "not allowed"),
    "skops with a pickled array": ("model", skops_with_pickled_array, "pickle"),
    "ONNX with data elsewhere": ("model", onnx_elsewhere, "another file"),
    "a zip bomb": ("model", bomb, "bomb"),
    "names that lead out": ("model", traversal, "leads out of its folder"),
    "a pickle as a lock": ("environment", pickled, "pickle"),
    "a pickle beside the model": ("other", pickled, "pickle"),
    "a folder with a pickle beside the model": ("other", mlflow_folder, "pickle"),
    "a zip in gzip beside the model": (
        "other",
        zip_in_gzip,
        "unpacked",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FILES)
def test_a_malicious_file_is_stopped_in_words_before_anything_runs(
    name: str, tmp_path: Path, blob_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    role, make, words = FILES[name]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    canary = tmp_path / "canary"
    data = make(canary)
    version = VersionFactory.create()
    held = [stored(data)] if role == "model" else [stored(onnx_model()), stored(data)]
    for blob, its_role in zip(held, ["model", role] if len(held) > 1 else ["model"], strict=True):
        ArtifactFactory.create(version=version, blob=blob, role=its_role, name=f"model-{its_role}.onnx")
    version.state = "inspecting"
    version.save()

    files = begin_inspection(version_id=version.pk)
    finish_inspection(version_id=version.pk, files=files, inspections=inspect_files(files))

    version.refresh_from_db()
    assert (version.state, version.digest, version.signature) == ("quarantined", "", {})
    assert words in version.reason
    assert not canary.exists(), "something ran"
    assert list((tmp_path / "tmp").iterdir()) == [], "the child left something"
    assert {path.name for path in blob_root.rglob("*") if path.is_file()} == {blob.pk for blob in held}


@pytest.mark.django_db
def test_the_same_intake_lets_sound_files_through(tmp_path: Path) -> None:
    version = VersionFactory.create()
    for role, data in (("model", onnx_model()), ("environment", LOCK), ("other", b"words")):
        ArtifactFactory.create(version=version, blob=stored(data), role=role, name=role)
    version.state = "inspecting"
    version.save()
    files = begin_inspection(version_id=version.pk)
    finish_inspection(version_id=version.pk, files=files, inspections=inspect_files(files))
    version.refresh_from_db()
    assert (version.state, version.reason) == ("sealed", "")
