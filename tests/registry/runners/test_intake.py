import hashlib

import pytest

from portal.blobs import store
from portal.core.errors import NotFound
from portal.core.progress import Cancelled
from registry.runners.inspection import Verdict
from registry.runners.intake import HeldFile, inspect_files
from tests.factories.registry_files import LOCK, onnx_model


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
