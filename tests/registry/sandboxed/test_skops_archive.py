import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from portal.core.sandbox.child import Refusal
from registry.sandboxed import skops_archive
from registry.sandboxed.skops_archive import check, check_schema

GOOD = {"__loader__": "ObjectNode", "__module__": "sklearn.linear_model", "__class__": "LogisticRegression"}


def archive(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return buffer


def test_what_skops_writes_is_let_through() -> None:
    check(archive({"schema.json": json.dumps({**GOOD, "content": [GOOD]}).encode(), "123abc.npy": b"x"}))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"config.json": b"{}"}, "not a skops model"),
        ({"schema.json": b"{}", "data.pkl": b""}, "holds a pickle"),
        ({"archive/data.pkl": b""}, "holds a pickle"),
        ({"schema.json": b"{}", "../up.npy": b""}, "skops does not write"),
        ({"schema.json": b"not json"}, "schema is broken"),
        ({"schema.json": b"[]"}, "not an object"),
        ({"schema.json": b'{"a":' * 50_000 + b"1" + b"}" * 50_000}, "nested too deeply"),
    ],
)
def test_foreign_archives_are_refused_in_words(members: dict[str, bytes], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        check(archive(members))


def test_bombs_and_unusual_compression_are_refused() -> None:
    with pytest.raises(Refusal, match="as a bomb"):
        check(archive({"schema.json": b"{}", "1.npy": bytes(30 << 20)}, zipfile.ZIP_DEFLATED))
    with pytest.raises(Refusal, match="unusual way"):
        check(archive({"schema.json": b"{}"}, zipfile.ZIP_BZIP2))


def test_number_and_size_of_members_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skops_archive, "MEMBERS", 1)
    with pytest.raises(Refusal, match="2 members"):
        check(archive({"schema.json": b"{}", "1.npy": b""}))
    monkeypatch.setattr(skops_archive, "TOTAL_BYTES", 1)
    with pytest.raises(Refusal, match="would be larger"):
        check(archive({"schema.json": b"{}"}))


def test_two_members_of_one_name_are_refused() -> None:
    buffer = archive({"schema.json": b"{}"})
    with zipfile.ZipFile(buffer, "a") as made, pytest.warns(UserWarning, match="Duplicate name"):
        made.writestr("schema.json", b"{}")
    with pytest.raises(Refusal, match="two members of one name"):
        check(buffer)


def test_broken_zip_is_refused() -> None:
    with pytest.raises(Refusal, match="broken"):
        check(io.BytesIO(b"PK\x03\x04 nothing"))


@pytest.mark.parametrize(
    "change",
    [
        {"__loader__": "MethodNode"},
        {"__loader__": "OperatorFuncNode", "__module__": "operator"},
        {"__module__": "os"},
        {"__module__": "posix"},
        {"__module__": "sklearnx.evil"},
        {"__loader__": "FunctionNode", "__module__": "subprocess"},
    ],
)
def test_nodes_and_modules_beside_the_lists_are_refused_however_deep(change: dict[str, Any]) -> None:
    schema: Any = GOOD | change
    for _ in range(5):
        schema = {**GOOD, "content": [{"inner": schema}]}
    with pytest.raises(Refusal, match="not allowed"):
        check_schema(schema)
