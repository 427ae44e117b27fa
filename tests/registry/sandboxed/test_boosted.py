"""Native files of boosted trees: told by content, described by their own loaders, refused in words."""

import importlib
import json
from typing import Any

import pytest

from portal.core.sandbox.child import Refusal
from registry.sandboxed import boosted, inspect
from registry.sandboxed.content import classify
from registry.sandboxed.lightgbm_files import check_trees
from registry.sandboxed.native import LOADERS
from tests.factories.boosted import MAKERS, unnamed_file, xgboost_file
from tests.registry.sandboxed.conftest import MakeTask

OBJECTIVES = {"lightgbm": "binary", "xgboost": "binary:logistic", "catboost": "Logloss"}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_sound_file_is_described_by_its_own_library(caged: MakeTask, kind: str) -> None:
    found = inspect.run(caged(MAKERS[kind]("binary").data, role="model"))
    assert (found["accepted"], found["detected"], found["reason"]) == (True, kind, "")
    assert found["media_type"] == f"application/vnd.{kind}"
    assert found["signature"]["inputs"] == [
        {"name": "carrier", "type": "category", "shape": [None, 1]},
        {"name": "hour", "type": "number", "shape": [None, 1]},
        {"name": "distance", "type": "number", "shape": [None, 1]},
    ]
    assert found["signature"]["outputs"] == [
        {"name": "probability", "type": "float64", "shape": [None, 2], "classes": ["0", "1"]}
    ]
    assert found["details"] == {"objective": OBJECTIVES[kind], "trees": 6, "features": 3}


@pytest.mark.parametrize("kind", MAKERS)
def test_what_a_file_does_not_say_is_not_made_up(kind: str) -> None:
    signature, _, _ = boosted.describe(LOADERS[kind](unnamed_file(kind).data))
    assert signature["inputs"] == [{"name": "X", "type": "table", "shape": [None, 2]}]
    signature, _, _ = boosted.describe(LOADERS[kind](MAKERS[kind]("regression").data))
    assert signature["outputs"] == [{"name": "prediction", "type": "float64", "shape": [None]}]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_missing_library_is_named_and_nothing_is_skipped(
    caged: MakeTask, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def absent(module: str) -> Any:
        raise ImportError(module)

    monkeypatch.setattr(importlib, "import_module", absent)
    found = inspect.run(caged(MAKERS[kind]("binary").data, role="model"))
    assert found["accepted"] is False
    assert "This installation can not open" in found["reason"]
    assert f"Ask an administrator to install the optional part “{kind}”" in found["reason"]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_file_is_refused_in_words(caged: MakeTask, kind: str) -> None:
    data = MAKERS[kind]("binary").data
    found = inspect.run(caged(data[: len(data) // 3], role="model"))
    assert found["accepted"] is False
    assert any(words in found["reason"] for words in ("can't load the model", "cut short"))


def test_lightgbm_is_not_asked_about_trees_that_are_not_where_they_are_said_to_be() -> None:
    data = MAKERS["lightgbm"]("binary").data
    for broken in (
        data.replace(b"Tree=1\n", b"Tree=7\n"),
        data.replace(b"end of trees", b"no end"),
        b"tree\nversion=v4\n",
    ):
        with pytest.raises(Refusal, match=r"was edited|no trees"):
            check_trees(broken)
    check_trees(data)


def test_xgboost_is_told_as_json_too_and_other_json_is_not() -> None:
    data = xgboost_file("binary", "json").data
    assert classify(data).kind == "xgboost"
    assert LOADERS["xgboost"](data).trees == 6
    assert classify(json.dumps({"learner": "me"}).encode()).kind == "text"
    assert classify(b"binf\0\0").refusal.endswith("a name ending in .ubj.")


def test_too_large_a_file_is_not_opened(caged: MakeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosted, "LARGEST", 10)
    assert "larger than" in inspect.run(caged(MAKERS["lightgbm"]("binary").data, role="model"))["reason"]


def test_categories_that_belong_to_no_feature_are_refused() -> None:
    text = MAKERS["lightgbm"]("binary").data.decode()
    edited = text.replace('pandas_categorical:[["AA", "B6", "UA"]]', 'pandas_categorical:[["AA"], ["B6"]]')
    assert edited != text
    with pytest.raises(Refusal, match="none of its features"):
        LOADERS["lightgbm"](edited.encode())
