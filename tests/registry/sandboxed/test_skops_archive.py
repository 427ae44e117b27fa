import json
from typing import Any

import pytest

from portal.core.sandbox.child import Refusal
from registry.sandboxed.skops_archive import check, check_schema
from tests.registry.sandboxed.test_archives import archive

GOOD = {"__loader__": "ObjectNode", "__module__": "sklearn.linear_model", "__class__": "LogisticRegression"}


def test_what_skops_writes_is_let_through() -> None:
    check(archive({"schema.json": json.dumps({**GOOD, "content": [GOOD]}).encode(), "123abc.npy": b"x"}))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"config.json": b"{}"}, "not a skops model"),
        ({"schema.json": b"{}", "data.pkl": b""}, "holds a pickle"),
        ({"archive/data.pkl": b""}, "holds a pickle"),
        ({"schema.json": b"{}", "up.py": b""}, "skops does not write"),
        ({"schema.json": b"not json"}, "schema is broken"),
        ({"schema.json": b"[]"}, "not an object"),
        ({"schema.json": b'{"a":' * 50_000 + b"1" + b"}" * 50_000}, "nested too deeply"),
    ],
)
def test_foreign_archives_are_refused_in_words(members: dict[str, bytes], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        check(archive(members))


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
